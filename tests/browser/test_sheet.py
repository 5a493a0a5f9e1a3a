"""The sheet is one page of paper, and can be read on any screen."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext

from hello_helpers.course.outlook import SHEET
from tests.store_notebooks import NOTEBOOKS

INSIDE_A4 = {"width": 733, "height": 1062}
"""Pixels of an A4 page inside its margins of 8 mm."""


def test_it_is_printed_on_one_page_is_not_cut_when_narrow_and_axe_finds_nothing(
    browser: BrowserContext,
) -> None:
    page = browser.new_page()
    page.goto((NOTEBOOKS / SHEET).as_uri())
    assert Axe().run(page).response["violations"] == []
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    page.emulate_media(media="print")
    page.set_viewport_size(INSIDE_A4)
    assert page.evaluate("document.body.scrollHeight") <= INSIDE_A4["height"], "it would be shrunk"
    page.close()
