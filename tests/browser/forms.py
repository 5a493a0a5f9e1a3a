"""Forms of the course, used as a person does: by their labels."""

from playwright.sync_api import Locator, expect

from tests.browser.notebook import Notebook

CHECK, SEND = "Check the endpoint", "Send the numbers"
CLIENT, SPLIT = "Run the client", "Send the task"
MILLISECONDS = 20_000

NAME = """(found, deed) => found.map((form, number) => form.dataset.form = `${deed}-${number}`)"""


def forms(notebook: Notebook, deed: str) -> list[Locator]:
    """Return the forms whose button says `deed` now; while it runs it says something else."""
    button = notebook.page.get_by_role("button", name=deed)
    found = notebook.panel.locator(".jp-OutputArea-output").filter(has=button)
    names = found.evaluate_all(NAME, deed.replace(" ", "-"))
    return [notebook.panel.locator(f"[data-form='{name}']") for name in names]


def check_embedded(form: Locator) -> None:
    """Choose the embedded ArmoniK and let the form check that it answers."""
    form.get_by_label("embedded, on this machine").check()
    form.get_by_role("button", name=CHECK).click()
    expect(form).to_contain_text("ArmoniK answers:", timeout=MILLISECONDS)


def run(form: Locator, deed: str, label: str, typed: str, shown: str) -> None:
    """Type into a field with the keyboard, click the button, and find what shall be shown."""
    field = form.get_by_label(label)
    field.fill(typed)
    field.press("Tab")
    form.get_by_role("button", name=deed).click()
    expect(form).to_contain_text(shown, timeout=MILLISECONDS)


def send(form: Locator, numbers: str, result: str) -> None:
    """Send numbers, and find the result."""
    label = "Numbers (blanks or commas between them)"
    run(form, SEND, label, numbers, f"Result : {result}")


def run_client(form: Locator) -> None:
    """Choose a priority, run the client, and see the priority in the code that is shown."""
    run(form, CLIENT, "priority (1 to 99, larger goes first", "3", "Result : 45")
    expect(form).to_contain_text("priority=3,")


def split(form: Locator) -> None:
    """Choose a threshold, send the task, and find its family drawn."""
    label = "subtask_threshold (a task with more numbers is split in two)"
    run(form, SPLIT, label, "5", "4 tasks and 3 results")
    expect(form.get_by_role("img", name="The graph of tasks and data")).to_be_visible()
