"""The notebooks as they are stored: fit to be read without being run."""

import getpass
import re
from collections.abc import Iterator
from itertools import pairwise

import nbformat
import pytest
from nbformat import NotebookNode

from tests.store_notebooks import METADATA, NOTEBOOKS, WIDGET_VIEW, complaints

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
NOT_RUN = {"skip-execution", "nbval-skip"}
CELL_METADATA = {"tags", "jupyter", "editable", "deletable", "slideshow"}

OF_ONE_MACHINE = {
    "a path": re.compile(
        r"(?<![\w.:/])/(root|home|tmp|work|Users|var|usr|opt|private)/\w|[A-Z]:\\\w"
    ),
    "a socket": re.compile(r"unix:/*\w"),
    # 5001 is where ArmoniK is usually published; another high port was chosen by chance.
    "a port": re.compile(r"(127\.0\.0\.1|localhost|\[::1\]):(?!5001\b)\d{4,}"),
    "a certificate or key": re.compile(r"-----BEGIN "),
    "an address in memory": re.compile(r"\bat 0x[0-9a-f]{6,}"),
}
if (user := getpass.getuser()) not in {"root", "user", "runner"}:  # those are words
    OF_ONE_MACHINE["a user's name"] = re.compile(rf"\b{re.escape(user)}\b")
EMBEDDED_ARMONIK = re.compile(r"embedded ArmoniK (on this machine|of this notebook)")
OTHER_ARMONIK = re.compile(r"\bArmoniK at (localhost|a socket of|[\w.-]+\.\w)")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> NotebookNode:
    """Each notebook in turn."""
    return nbformat.read(request.param, as_version=nbformat.NO_CONVERT)


MUTE = re.compile(
    r"<img\b(?![^>]*\balt=['\"][^'\"]*\w)[^>]*>"
    r"|<svg\b(?![^>]*\b(aria-label|aria-labelledby|aria-hidden)=)[^>]*>(?!\s*<title)"
)
"""A picture in HTML that has neither a text in its place nor need of one."""


def markdown(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def without_code(text: str) -> str:
    """Return markdown without its fenced blocks and inline code."""
    text = re.sub(r"^(```|~~~).*?^\1[ \t]*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def output_texts(notebook: NotebookNode) -> Iterator[str]:
    """Yield every text in every output."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            yield "\n".join([*output.get("traceback", []), output.get("evalue", "")])
            for kind, value in output.get("data", {}).items():
                if not kind.startswith("image/") or kind == "image/svg+xml":
                    yield value if isinstance(value, str) else str(value)


def test_it_is_valid_and_says_no_more_about_itself_than_needed(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.metadata) == (4, METADATA)
    assert {key for cell in notebook.cells for key in cell.metadata} <= CELL_METADATA


def test_it_has_been_run_to_its_end_in_order(notebook: NotebookNode) -> None:
    counts = [
        cell.execution_count
        for cell in notebook.cells
        if cell.cell_type == "code"
        and cell.source.strip()
        and not NOT_RUN & set(cell.metadata.get("tags", []))
    ]
    assert counts == list(range(1, len(counts) + 1))


def test_no_cell_has_failed_or_written_to_stderr(notebook: NotebookNode) -> None:
    assert complaints(notebook) == []


def test_every_result_came_from_the_embedded_armonik(notebook: NotebookNode) -> None:
    texts = "\n".join(output_texts(notebook))
    assert EMBEDDED_ARMONIK.search(texts), "no output says which ArmoniK made it"
    assert not OTHER_ARMONIK.search(texts)


@pytest.mark.parametrize("what", OF_ONE_MACHINE)
def test_no_output_holds_what_belongs_to_one_machine(notebook: NotebookNode, what: str) -> None:
    found = [m[0] for text in output_texts(notebook) for m in OF_ONE_MACHINE[what].finditer(text)]
    assert found == []


def test_it_has_one_title_and_no_heading_skips_a_level(notebook: NotebookNode) -> None:
    levels = [len(h) for h in re.findall(r"^(#+) ", without_code(markdown(notebook)), re.MULTILINE)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    for above, below in pairwise(levels):
        assert below <= above + 1


def test_every_picture_of_an_output_is_an_image_that_any_viewer_shows(
    notebook: NotebookNode,
) -> None:
    """Few keep SVG, or data as the source of an image, in the HTML that they are shown."""
    shown = [
        output.get("data", {}).get("text/html", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    assert [html[:80] for html in shown if "<svg" in html or "<img" in html] == []


def test_every_picture_has_a_text_in_its_place(notebook: NotebookNode) -> None:
    text = markdown(notebook)
    assert re.findall(r"!\[\s*\]", without_code(text)) == []
    assert "```mermaid" not in text  # few viewers draw it, and faintly on dark ground
    assert not MUTE.search(text)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert WIDGET_VIEW not in output.get("data", {}), "a widget without a text in its place"
            for kind, data in output.get("data", {}).items():
                assert kind not in ("text/html", "image/svg+xml") or not MUTE.search(data)
                if kind.startswith("image/") and kind != "image/svg+xml":
                    assert output.metadata.get(kind, {}).get("alt"), f"{kind} without alt"
