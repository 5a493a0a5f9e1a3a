"""`hello-armonik stop` and ■ while a notebook is open: what its forms and cells do then."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Show
from tests.browser.forms import SEND, forms, send
from tests.browser.notebook import ERROR_OUTPUT, START_COMMAND, STDERR_OUTPUT, Notebook
from tests.browser.server import JupyterServer
from tests.commands import hello_armonik

pytestmark = pytest.mark.embedded_only

FIRST = """\
from hello_helpers import *
from hello_helpers.course.frame import begin_lesson

begin_lesson()
endpoint = Endpoint.find()
channel = endpoint.open_channel()
session_id = pick_up_session(channel)
"""
FORM = "ValuesForm(endpoint)"
PAYLOAD = "data = create_payload(channel, session_id, Payload([1, 2]))"
FAILING = "from hello_helpers.forms import FailureForm\nfailing = FailureForm(endpoint)\nfailing"
FORM_WAIT = "failing.wait()"
WAIT = "wait_for_results(channel, session_id, [data.result_id], timeout=60)"

SELECT = "number => { jupyterapp.shell.currentWidget.content.activeCellIndex = number; }"

STOPPED = "The embedded ArmoniK that this notebook used has been stopped: run the first cell again."


def test_forms_go_on_cells_say_what_to_do_and_the_stop_button_tells_what_was_waited_for(
    server: JupyterServer, show: Show
) -> None:
    notebook = show("stop.ipynb", FIRST, FORM, PAYLOAD, WAIT, FAILING, FORM_WAIT)
    for number in (0, 1, 2):
        run(notebook, number)
    assert notebook.errors() == []

    stop(server)
    (form,) = forms(notebook, SEND)
    send(form, "20 22", "42")  # the form has started a new one

    stop(server)
    run(notebook, 2)
    (error,) = notebook.errors()
    assert STOPPED in error
    assert "Traceback" not in error
    run(notebook, 0)
    run(notebook, 2)
    assert notebook.errors() == []

    notebook.page.evaluate(SELECT, 3)
    notebook.page.evaluate(START_COMMAND, ["notebook:run-cell", {}])
    expect(notebook.panel.locator(".jp-CodeCell").nth(3)).to_contain_text("[*]")
    line = notebook.panel.get_by_role("timer")
    expect(line).to_contain_text("Waiting for 1 result (status CREATED): 2 s.")
    notebook.panel.get_by_role("button", name="Interrupt the kernel").click()
    shown = notebook.panel.locator(f"{ERROR_OUTPUT}, {STDERR_OUTPUT}")
    expect(shown).to_contain_text("s while waiting for 1 result (status CREATED).")
    expect(shown).not_to_contain_text("Traceback")
    expect(line).to_have_count(0)

    run(notebook, 4)
    (form,) = forms(notebook, "Run it")
    form.get_by_label("an input never comes").check()
    notebook.page.wait_for_timeout(500)  # a person takes longer to go to the next cell
    notebook.page.evaluate(SELECT, 5)
    notebook.page.evaluate(START_COMMAND, ["notebook:run-cell", {}])
    expect(form).to_contain_text("waiting for its result")
    form.get_by_role("button", name="Cancel").click()  # though the kernel is busy with the cell
    expect(shown.last).to_contain_text("It was cancelled.")
    expect(form).to_contain_text("Cancelled, and its session with it.")


def run(notebook: Notebook, number: int) -> None:
    """Run one cell, as Ctrl+Enter does."""
    notebook.page.evaluate(SELECT, number)
    notebook.command("notebook:run-cell", 60)


def stop(server: JupyterServer) -> None:
    """Type `hello-armonik stop` in a terminal of this JupyterLab."""
    done = hello_armonik("stop", **server.variables)
    assert done.stdout.strip() == "The embedded ArmoniK has been stopped."
