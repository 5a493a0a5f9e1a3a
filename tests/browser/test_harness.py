"""The harness sees what it is there to see, in small notebooks made for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Show
from tests.browser.server import JupyterServer, server_of, write_notebook

FORM = """
from ipywidgets import HTML, Button, Text, VBox

name = Text(description="Name")
said = HTML()
button = Button(description="Say hello")
button.on_click(lambda _: setattr(said, "value", f"Hello {name.value}!"))
VBox([name, button, said])
"""

UNNAMED = "from ipywidgets import HTML, Text, VBox; VBox([Text(), HTML('<button></button>')])"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A JupyterLab on a few small notebooks."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "form.ipynb", "first = 1", FORM, "first + 1")
    write_notebook(folder / "failing.ipynb", "1 / 0", "'not reached'")
    write_notebook(folder / "unnamed.ipynb", UNNAMED)
    write_notebook(folder / "outside.ipynb", "%%html\n<img src='http://127.0.0.2:9/x.png' alt='x'>")
    with server_of(folder, tmp_path_factory.mktemp("lab")) as running:
        yield running


def test_a_form_is_filled_in_and_answers(server: JupyterServer, show: Show) -> None:
    notebook = show(server, "form.ipynb")
    notebook.run_all()
    assert (notebook.errors(), notebook.not_run()) == ([], 0)
    notebook.panel.get_by_label("Name").fill("Ada")
    notebook.panel.get_by_role("button", name="Say hello").click()
    expect(notebook.panel.locator(".jupyter-widgets").first).to_contain_text("Hello Ada!")
    assert notebook.accessibility_violations() == []
    assert notebook.screenshot("harness").stat().st_size > 10_000
    assert "WARNING" not in server.log.read_text()  # ipykernel's, of a connection in clear


def test_a_failing_cell_is_seen(server: JupyterServer, show: Show) -> None:
    notebook = show(server, "failing.ipynb")
    notebook.run_all()
    assert "ZeroDivisionError" in notebook.errors()[0]
    assert notebook.not_run() == 1


def test_a_restarted_kernel_has_forgotten_its_variables(server: JupyterServer, show: Show) -> None:
    notebook = show(server, "form.ipynb")
    notebook.run_all()
    notebook.restart_kernel()
    notebook.command("notebook:run-cell")  # the last one, it uses the first
    assert "NameError" in notebook.errors()[0]


def test_what_has_no_name_is_a_violation(server: JupyterServer, show: Show) -> None:
    notebook = show(server, "unnamed.ipynb")
    notebook.run_all()
    assert [line.split(":")[0] for line in notebook.accessibility_violations()] == [
        "button-name",
        "field without a label",
    ]


def test_a_request_to_another_machine_is_seen(server: JupyterServer, show: Show) -> None:
    notebook = show(server, "outside.ipynb")
    with notebook.page.expect_request("http://127.0.0.2:9/**"):
        notebook.run_all()
    assert notebook.requests_to_others() == ["http://127.0.0.2:9/x.png"]
    notebook.requests.clear()
    notebook.complaints.clear()
