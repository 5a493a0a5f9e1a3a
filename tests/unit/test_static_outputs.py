"""What a reader of a stored notebook sees in place of a picture that only JupyterLab would draw."""

import base64
import re

import pytest
from nbconvert import HTMLExporter
from nbformat import NotebookNode, v4

from hello_helpers.display.canvas import Canvas
from hello_helpers.display.pictures import pod
from tests.static_outputs import static


def shown(thing: object) -> NotebookNode:
    data = {"text/html": thing._repr_html_(), "text/plain": repr(thing)}
    return v4.new_output("execute_result", data, execution_count=1)


def test_a_drawing_is_an_image_of_its_own_above_its_words_and_readable_on_any_ground():
    picture, words = static(shown(pod()))
    assert set(picture.data) == {"image/svg+xml", "text/plain"}
    assert picture.data["text/plain"] == f"Picture: {pod().title}"
    assert re.match(
        r'<svg [^>]*height="\d+[^>]*color="#1f2328" style="background: #ffffff">',
        (picture.data["image/svg+xml"]),
    )
    assert "svg" not in words.data["text/html"]
    assert "The picture in words" in words.data["text/html"]
    assert words.data["text/plain"] == repr(pod())


def test_an_image_in_html_is_an_image_of_its_own_with_its_text():
    picture, words = static(shown(Canvas(2, 2, 1)))
    assert base64.b64decode(picture.data["image/png"]).startswith(b"\x89PNG")
    assert picture.metadata["image/png"]["alt"] == repr(Canvas(2, 2, 1))
    assert "<img" not in words.data["text/html"]


@pytest.mark.parametrize("sanitize", [False, True])
def test_a_page_made_of_it_shows_the_picture_and_no_source(sanitize: bool):
    cell = v4.new_code_cell("pod()", outputs=static(shown(pod())), execution_count=1)
    page, _ = HTMLExporter(sanitize_html=sanitize).from_notebook_node(v4.new_notebook(cells=[cell]))
    assert page.count('src="data:image/svg+xml;base64,') == 1
    assert "&lt;svg" not in page


def test_what_has_no_picture_stays_as_it_is():
    stream = v4.new_output("stream", text="Result : 45")
    table = v4.new_output("display_data", {"text/html": "<table></table>"})
    assert [static(output) for output in (stream, table)] == [[stream], [table]]
