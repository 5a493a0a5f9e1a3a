"""The forms in a real JupyterLab: by mouse and keyboard, with good and bad input."""

import time

import pytest
from playwright.sync_api import Locator, expect

from hello_helpers.forms.armonik import CALLS
from hello_helpers.forms.field import ENTER_SECONDS
from tests.browser.conftest import Show
from tests.browser.forms import CHECK, MILLISECONDS, SEND, check_embedded, forms, send
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.embedded_only

ENDPOINT = "from hello_helpers.forms import EndpointForm; EndpointForm()"
VALUES = "from hello_helpers.forms import ValuesForm; ValuesForm()"


@pytest.fixture
def notebook(show: Show) -> Notebook:
    """Both forms, shown and untouched."""
    notebook = show("forms.ipynb", ENDPOINT, VALUES)
    notebook.run_all()
    assert notebook.errors() == []
    return notebook


@pytest.fixture
def endpoint_form(notebook: Notebook) -> Locator:
    """The endpoint form."""
    (form,) = forms(notebook, CHECK)
    return form


@pytest.fixture
def values_form(notebook: Notebook) -> Locator:
    """The values form."""
    (form,) = forms(notebook, SEND)
    return form


def fill_address(endpoint_form: Locator, text: str) -> Locator:
    """Type the address of a cluster; return its field, which has not been left yet."""
    endpoint_form.get_by_label("a cluster of my own").check()
    address = endpoint_form.get_by_label("Endpoint (URL or host:port)")
    address.fill(text)
    return address


def test_both_forms_are_used_their_calls_unfolded_and_axe_finds_nothing(
    notebook: Notebook, endpoint_form: Locator, values_form: Locator
) -> None:
    check_embedded(endpoint_form)
    send(values_form, "1.5, 2.5", "4.0")
    send(values_form, "20 22", "42")
    values_form.get_by_text(CALLS).click()
    picture = values_form.get_by_role("img", name="The calls on the wire")
    expect(picture).to_be_visible()
    expect(picture).to_contain_text("CreateSession")
    assert notebook.accessibility_violations() == []
    notebook.screenshot()


def test_the_first_n_numbers_are_sent_with_the_keyboard_alone(values_form: Locator) -> None:
    values_form.get_by_label("n (for 0, 1, ..., n-1)").fill("10")
    for _ in range(20):
        values_form.page.keyboard.press("Shift+Tab")
        if values_form.page.evaluate("document.activeElement.textContent") == SEND:
            break
    values_form.page.keyboard.press("Enter")
    expect(values_form).to_contain_text("Result : 45")


def test_enter_in_a_field_runs_the_form_with_what_was_typed(
    notebook: Notebook, endpoint_form: Locator, values_form: Locator
) -> None:
    address = fill_address(endpoint_form, "")
    for port in (1, 2):
        address.fill(f"localhost:{port}")
        address.press("Enter")
        expect(endpoint_form).to_contain_text(f"Nothing listens at localhost:{port}.")
    n = values_form.get_by_label("n (for 0, 1, ..., n-1)")
    n.fill("5")
    n.press("Enter")
    expect(values_form).to_contain_text("Result : 10", timeout=MILLISECONDS)
    n.press("Enter")  # the text is as it was
    expect(values_form).to_contain_text("Result : 10", timeout=MILLISECONDS)
    notebook.screenshot("enter")


def test_leaving_a_field_runs_nothing(values_form: Locator) -> None:
    n = values_form.get_by_label("n (for 0, 1, ..., n-1)")
    n.fill("5")
    n.press("Tab")
    expect(values_form.get_by_label("the first n numbers")).to_be_checked()
    time.sleep(2 * ENTER_SECONDS)  # nothing tells that nothing happens
    expect(values_form).not_to_contain_text("Session")


def test_what_is_mended_is_not_complained_of_any_more(
    notebook: Notebook, endpoint_form: Locator
) -> None:
    fill_address(endpoint_form, "https://localhost:1")
    authority = endpoint_form.get_by_label("CA file")
    authority.fill("/no/such/ca.pem")
    authority.press("Enter")
    expect(endpoint_form).to_contain_text("There is no file")
    expect(endpoint_form).to_contain_text("Nothing was sent: see the problem above.")
    notebook.screenshot("refused")
    authority.fill("")
    authority.press("Tab")
    expect(endpoint_form.get_by_text("There is no file")).to_be_hidden()
    expect(endpoint_form).not_to_contain_text("Nothing was sent")
    authority.fill("/no/such/ca.pem")
    authority.press("Tab")
    expect(endpoint_form).to_contain_text("There is no file")
    check_embedded(endpoint_form)
    expect(endpoint_form).not_to_contain_text("There is no file")
    expect(endpoint_form).not_to_contain_text("Checking")
    notebook.screenshot("mended")


def test_the_button_stays_under_the_pointer_when_a_press_on_it_leaves_a_mended_field(
    notebook: Notebook, endpoint_form: Locator
) -> None:
    address = fill_address(endpoint_form, "no endpoint")
    address.press("Enter")
    expect(endpoint_form.get_by_text("An endpoint has no blanks inside.")).to_be_visible()
    address.fill("localhost:1")
    endpoint_form.get_by_role("button", name=CHECK).hover()
    notebook.page.mouse.down()
    expect(endpoint_form.get_by_text("An endpoint has no blanks inside.")).to_be_hidden()
    notebook.page.mouse.up()  # a person takes a tenth of a second for that
    expect(endpoint_form).to_contain_text("Nothing listens at localhost:1.")


def test_a_press_on_the_button_that_leaves_a_field_with_a_bad_value_is_not_lost(
    notebook: Notebook, endpoint_form: Locator
) -> None:
    fill_address(endpoint_form, "no endpoint")
    endpoint_form.get_by_role("button", name=CHECK).hover()
    notebook.page.mouse.down()
    notebook.page.wait_for_timeout(100)  # as long as people press a button
    notebook.page.mouse.up()
    expect(endpoint_form).to_contain_text("Nothing was sent: see the problem above.")
    expect(endpoint_form.get_by_text("An endpoint has no blanks inside.")).to_be_visible()
