"""The harness sees what it is there to see, in small notebooks made for it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Show
from tests.browser.server import JupyterServer

FORM = """
from ipywidgets import HTML, Button, Text, VBox

name = Text(description="Name")
said = HTML()
button = Button(description="Say hello")
button.on_click(lambda _: setattr(said, "value", f"Hello {name.value}!"))
VBox([name, button, said])
"""

UNNAMED = "from ipywidgets import HTML, Text, VBox; VBox([Text(), HTML('<button></button>')])"


def test_a_form_is_filled_in_and_answers(server: JupyterServer, show: Show) -> None:
    notebook = show("form.ipynb", "first = 1", FORM, "first + 1")
    notebook.run_all()
    assert (notebook.errors(), notebook.not_run()) == ([], 0)
    notebook.panel.get_by_label("Name").fill("Ada")
    notebook.panel.get_by_role("button", name="Say hello").click()
    expect(notebook.panel.locator(".jupyter-widgets").first).to_contain_text("Hello Ada!")
    assert notebook.accessibility_violations() == []
    assert notebook.screenshot("harness").stat().st_size > 10_000
    assert "without encryption" not in server.log.read_text()  # so ipykernel would warn


def test_a_failing_cell_is_seen(show: Show) -> None:
    notebook = show("failing.ipynb", "1 / 0", "'not reached'")
    notebook.run_all()
    assert "ZeroDivisionError" in notebook.errors()[0]
    assert notebook.not_run() == 1


def test_a_restarted_kernel_has_forgotten_its_variables(show: Show) -> None:
    notebook = show("form.ipynb", "first = 1", FORM, "first + 1")
    notebook.run_all()
    notebook.restart_kernel()
    notebook.command("notebook:run-cell")  # the last one, it uses the first
    assert "NameError" in notebook.errors()[0]


def test_what_has_no_name_is_a_violation(show: Show) -> None:
    notebook = show("unnamed.ipynb", UNNAMED)
    notebook.run_all()
    assert [line.split(":")[0] for line in notebook.accessibility_violations()] == [
        "button-name",
        "field without a label",
    ]


def test_a_request_to_another_machine_is_seen(show: Show) -> None:
    notebook = show("outside.ipynb", "%%html\n<img src='http://127.0.0.2:9/x.png' alt='x'>")
    with notebook.page.expect_request("http://127.0.0.2:9/**"):
        notebook.run_all()
    assert notebook.requests_to_others() == ["http://127.0.0.2:9/x.png"]
    notebook.requests.clear()
    notebook.complaints.clear()
