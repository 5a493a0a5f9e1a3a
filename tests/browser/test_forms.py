"""The forms in a real JupyterLab: by mouse and keyboard, with good and bad input."""

import pytest
from playwright.sync_api import Locator, expect

from hello_helpers.forms.armonik import CALLS
from tests.browser.conftest import Show
from tests.browser.forms import (
    CHECK,
    CLIENT,
    MILLISECONDS,
    SEND,
    check_embedded,
    forms,
    send,
)
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.embedded_only

ENDPOINT = "from hello_helpers.forms import EndpointForm; EndpointForm()"
VALUES = "from hello_helpers.forms import ValuesForm; ValuesForm()"
CLIENT_FORM = "from hello_helpers.forms import ClientForm; ClientForm()"

ANSWER_MILLISECONDS = 500


@pytest.fixture
def notebook(show: Show) -> Notebook:
    """The forms, shown and untouched."""
    notebook = show("forms.ipynb", ENDPOINT, VALUES, CLIENT_FORM)
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
    packet = values_form.locator(".packet")
    for motion, moves in (("no-preference", 1), ("reduce", 0)):
        notebook.page.emulate_media(reduced_motion=motion)
        assert packet.evaluate("packet => packet.getAnimations().length") == moves, motion
    expect(values_form.locator("svg text", has_text="the result is here: 42")).to_be_visible()
    notebook.page.emulate_media(reduced_motion="no-preference")
    values_form.get_by_text(CALLS).click()
    picture = values_form.get_by_role("img", name="The calls on the wire")
    expect(picture).to_be_visible()
    expect(picture).to_contain_text("CreateSession")
    assert notebook.accessibility_violations() == []
    values_form.get_by_role("button", name="Copy").press("Enter")
    expect(values_form.get_by_text("Copied.")).to_be_visible()
    numbers = values_form.get_by_label("Numbers (blanks")
    numbers.fill("")
    numbers.press("Control+v")
    assert numbers.input_value().startswith("from concurrent.futures import ThreadPoolExecutor")
    assert "Payload([20, 22]" in numbers.input_value()
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
    values_form.page.wait_for_timeout(ANSWER_MILLISECONDS)  # nothing tells that nothing happens
    expect(values_form).not_to_contain_text("Session")


def test_what_is_mended_is_not_complained_of_any_more(
    notebook: Notebook, endpoint_form: Locator
) -> None:
    fill_address(endpoint_form, "https://localhost:1")
    authority = endpoint_form.get_by_label("CA file")
    authority.fill("/no/such/ca.pem")
    authority.press("Enter")
    expect(endpoint_form).to_contain_text("There is no file")
    expect(endpoint_form).to_contain_text("Nothing was sent.")
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


@pytest.mark.parametrize(
    ("deed", "label", "typed", "told"),
    [
        (CHECK, "Endpoint (URL or host:port)", "no endpoint", "An endpoint has no blanks inside."),
        (CHECK, "Endpoint (URL or host:port)", "localhost:1", "Nothing listens at localhost:1."),
        (CLIENT, "Endpoint (empty", "localhost:1", "Nothing listens at localhost:1."),
        (SEND, "Numbers (blanks", "1 2 many", "'many' is not a number"),
    ],
)
def test_the_buttons_stay_under_the_pointer_and_so_do_the_fields_whatever_a_press_leaves(
    notebook: Notebook, deed: str, label: str, typed: str, told: str
) -> None:
    (form,) = forms(notebook, deed)
    if deed == CHECK:
        form.get_by_label("a cluster of my own").check()
    form.get_by_label(label).fill(typed)
    button = form.get_by_role("button").first
    button.hover()
    before = places(form)
    notebook.page.mouse.down()
    notebook.page.wait_for_timeout(ANSWER_MILLISECONDS)  # a person who thinks while pressing
    assert places(form) == before
    notebook.page.mouse.up()
    expect(form).to_contain_text(told, timeout=MILLISECONDS)
    assert places(form) == before


def places(form: Locator) -> list[float]:
    """Return where the buttons that run and cancel are, and all that is filled in, from above."""
    parts = form.locator("input, textarea, select, button.widget-button")
    return parts.evaluate_all("all => all.map(part => part.getBoundingClientRect().top)")


def test_fast_presses_send_what_was_typed_last(values_form: Locator) -> None:
    field = values_form.get_by_label("Numbers (blanks")
    button = values_form.get_by_role("button").first
    for number in range(41, 44):
        field.fill(str(number))
        button.click(no_wait_after=True)
        expect(values_form).to_contain_text(f"Result : {number}", timeout=MILLISECONDS)
