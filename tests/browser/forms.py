"""Forms of the course, used as a person does: by their labels."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.notebook import Notebook

CHECK, SEND = "Check the endpoint", "Send the numbers"
CLIENT, SPLIT = "Run the client", "Send the task"
MILLISECONDS = 20_000


def forms(notebook: Notebook, deed: str) -> list[Locator]:
    """Return the forms whose button says `deed`."""
    button = notebook.page.get_by_role("button", name=deed)
    return notebook.panel.locator(".jp-OutputArea-output").filter(has=button).all()


def check_embedded(form: Locator) -> None:
    """Choose the embedded ArmoniK and let the form check that it answers."""
    form.get_by_label("embedded, on this machine").check()
    form.get_by_role("button", name=CHECK).click()
    expect(form).to_contain_text("ArmoniK answers:", timeout=MILLISECONDS)


def send(form: Locator, numbers: str, result: str) -> None:
    """Type numbers with the keyboard, send them, and find the result."""
    field = form.get_by_label("Numbers (blanks or commas between them)")
    field.fill(numbers)
    field.press("Tab")
    form.get_by_role("button", name=SEND).click()
    expect(form).to_contain_text(f"Result : {result}", timeout=MILLISECONDS)


def run_client(form: Locator) -> None:
    """Choose a priority with the keyboard, run the client, and see it in the code that is shown."""
    field = form.get_by_label("priority (1 to 99, larger goes first")
    field.fill("3")
    field.press("Tab")
    form.get_by_role("button", name=CLIENT).click()
    expect(form).to_contain_text("Result : 45", timeout=MILLISECONDS)
    expect(form).to_contain_text("priority=3,")


def split(form: Locator) -> None:
    """Choose a threshold with the keyboard, send the task, and find its family drawn."""
    field = form.get_by_label("subtask_threshold (a task with more numbers is split in two)")
    field.fill("5")
    field.press("Tab")
    form.get_by_role("button", name=SPLIT).click()
    expect(form).to_contain_text("4 tasks and 3 results", timeout=MILLISECONDS)
    expect(form.get_by_role("img", name="The graph of tasks and data")).to_be_visible()
