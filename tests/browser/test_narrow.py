"""What is shown in a narrow window, as beside a presentation: nothing is cut."""

from tests.browser.conftest import Show

FOLDER = "/a-folder-with-a-long-name" * 3  # of the 107 bytes that a socket may have

COMMAND = f"""\
from hello_helpers import Endpoint
from hello_helpers.display.command import terminal_command
terminal_command("hello_client.py", Endpoint.parse("unix://{FOLDER}/armonik.sock"), "-n", "1000")
"""

IS_CUT = "block => block.scrollWidth > block.clientWidth || block.scrollHeight > block.clientHeight"


def test_a_long_command_is_there_in_full_and_copied_as_it_is(show: Show) -> None:
    notebook = show("narrow.ipynb", COMMAND)
    notebook.page.set_viewport_size({"width": 900, "height": 700})
    notebook.run_all()
    assert notebook.errors() == []
    block = notebook.panel.locator(".jp-OutputArea-output pre").filter(has_text="hello_client")
    assert not block.evaluate(IS_CUT)
    folder, command = block.inner_text().strip().splitlines()
    assert folder.startswith("cd ")
    assert command.endswith(f"hello_client.py -e unix://{FOLDER}/armonik.sock -n 1000")
    notebook.screenshot()
