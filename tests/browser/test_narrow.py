"""What is shown in a narrow window, as beside a presentation: nothing is cut."""

from tests.browser.conftest import Show

FOLDER = "/a-folder-with-a-long-name" * 3  # of the 107 bytes that a socket may have

COMMAND = f"""\
from hello_helpers import Endpoint
from hello_helpers.display.command import terminal_command
terminal_command("hello_client.py", Endpoint.parse("unix://{FOLDER}/armonik.sock"), "-n", "1000")
"""

IS_CUT = "block => block.scrollWidth > block.clientWidth || block.scrollHeight > block.clientHeight"


PICTURE = """\
from hello_helpers.display.moment import Moment
Moment()
"""


def test_a_picture_that_has_no_room_is_scrolled_and_nothing_beside_it_is_cut(show: Show) -> None:
    notebook = show("narrow.ipynb", COMMAND, PICTURE)
    notebook.page.set_viewport_size({"width": 720, "height": 700})
    notebook.run_all()
    picture = notebook.panel.get_by_role("group", name="ArmoniK's three planes")
    assert picture.evaluate("area => area.scrollWidth > area.clientWidth"), "it is no less readable"
    assert picture.evaluate(
        "area => { const output = area.closest('.jp-OutputArea-output');"
        " return output.scrollWidth <= output.clientWidth; }"
    )


def test_a_long_command_is_there_in_full_and_copied_as_it_is(show: Show) -> None:
    notebook = show("narrow.ipynb", COMMAND, PICTURE)
    notebook.page.set_viewport_size({"width": 900, "height": 700})
    notebook.run_all()
    assert notebook.errors() == []
    block = notebook.panel.locator(".jp-OutputArea-output pre").filter(has_text="hello_client")
    assert not block.evaluate(IS_CUT)
    folder, command = block.inner_text().strip().splitlines()
    assert folder.startswith("cd ")
    assert command.endswith(f"hello_client.py -e unix://{FOLDER}/armonik.sock -n 1000")
    notebook.screenshot()
