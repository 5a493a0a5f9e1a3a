"""The picture of the calls on the wire, in both themes and in a narrow window."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Show
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.embedded_only

PICTURE = '[aria-label="The calls on the wire"]'
OUTPUT = f".jp-OutputArea-output:has({PICTURE})"
LOOKS = "Results.ListResults"  # a wait's own; how many there are depends on the machine
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


@pytest.fixture
def lesson(show: Show) -> Iterator[Notebook]:
    """The lesson about the whole client, run; the window gets its theme back."""
    opened = show("06_the_whole_client.ipynb")
    opened.run_all()
    yield opened
    opened.command("apputils:change-theme", theme=LIGHT)


def test_the_picture_can_be_read_and_its_table_unfolds_by_keyboard(lesson: Notebook) -> None:
    for theme, width in [(LIGHT, 1280), (DARK, 1280), (LIGHT, 900)]:  # opened once: that takes long
        lesson.page.set_viewport_size({"width": width, "height": 1000})
        lesson.command("apputils:change-theme", theme=theme)
        expect(lesson.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        picture = lesson.panel.locator(PICTURE)
        expect(picture).to_have_count(1)
        assert picture.evaluate("area => area.scrollWidth - area.clientWidth") <= 0, width
        found = Axe().run(lesson.page, context={"include": [[OUTPUT]]}).response["violations"]
        assert [f"{theme}, {width}: {v['id']}: {v['help']}" for v in found] == []
    output = lesson.panel.locator(OUTPUT)
    table = output.get_by_role("table")
    expect(table).to_be_hidden()
    output.locator("summary").focus()
    lesson.page.keyboard.press("Enter")
    expect(table).to_be_visible()
    rows = table.get_by_role("row").filter(has_not_text=LOOKS)
    expect(rows).to_have_count(1 + 7)
    expect(table).to_contain_text("Sessions.CreateSession")
