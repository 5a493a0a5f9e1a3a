"""The forms of lessons 09 and 10 in a real JupyterLab: Cancel during a wait, a board that moves."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Show
from tests.browser.forms import MILLISECONDS, forms
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.embedded_only

CELL = """\
from hello_helpers import Endpoint
from hello_helpers.forms import {form}
{form}(Endpoint.find())
"""
FAIL, MANY = "Run it", "Run the tasks"


@pytest.fixture
def notebook(show: Show) -> Notebook:
    """Both forms, shown and untouched."""
    notebook = show("live.ipynb", *(CELL.format(form=form) for form in ("FailureForm", "ManyForm")))
    notebook.run_all()
    assert notebook.errors() == []
    return notebook


def form_with(notebook: Notebook, deed: str) -> Locator:
    (form,) = forms(notebook, deed)
    return form


def click(form: Locator, button: str) -> None:
    form.get_by_role("button", name=button).click()


def test_a_failure_is_chosen_with_the_keyboard(notebook: Notebook) -> None:
    form = form_with(notebook, FAIL)
    form.get_by_label("the session is paused").focus()
    for key in ("Tab", "Tab", "Space"):
        notebook.page.keyboard.press(key)
    expect(form.get_by_label("the worker does not understand its payload")).to_be_checked()
    form.get_by_role("button", name=FAIL).press("Enter")
    expect(form).to_contain_text("The task failed: The hello worker", timeout=MILLISECONDS)


def test_the_board_moves_while_tasks_run_and_tells_their_end(notebook: Notebook) -> None:
    form = form_with(notebook, MANY)
    bar = form.locator(".widget-hprogress .progress-bar")
    click(form, MANY)
    expect(bar).to_have_attribute("style", re.compile("width: 100%"), timeout=MILLISECONDS)
    expect(form).to_contain_text("500 of 500 tasks are over: 500 COMPLETED.")
    expect(form).to_contain_text("Result : 49995000", timeout=MILLISECONDS)
    assert notebook.accessibility_violations() == []


def test_cancel_ends_many_tasks_and_the_board_shows_it(notebook: Notebook) -> None:
    form = form_with(notebook, MANY)
    form.get_by_label("Tasks (1 to 20,000)").fill("5000")
    click(form, MANY)
    expect(form).to_contain_text("5,000 tasks have been submitted", timeout=MILLISECONDS)
    click(form, "Cancel")
    expect(form).to_contain_text("Cancelled, and its session with it.", timeout=MILLISECONDS)
    expect(form).to_contain_text("CANCELLED")
    assert notebook.errors() == []
