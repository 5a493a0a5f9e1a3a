"""What lives how long: a session outlives its kernel, and nothing of ours outlives JupyterLab."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.browser.conftest import Show
from tests.browser.server import JupyterServer, learners_server

pytestmark = pytest.mark.embedded_only

SECONDS_TO_BE_GONE = 10

START = """
from armonik.client import ArmoniKSessions
from hello_helpers import steps
from hello_helpers.messages import Payload

channel = steps.open_channel()
count, sessions = ArmoniKSessions(channel).list_sessions()
print("sessions so far:", count)
"""

HELLO = """
session_id = steps.create_session(channel)
data = steps.create_payload(channel, session_id, Payload([1, 2, 39]))
steps.submit_task(channel, session_id, data)
print("result:", steps.wait_for_result(channel, session_id, data.result_id).value)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JupyterServer]:
    """A JupyterLab that no other test has used, to be killed."""
    with learners_server(tmp_path) as running:
        yield running


def test_a_session_outlives_its_kernel_and_nothing_outlives_jupyterlab(
    server: JupyterServer, show: Show
) -> None:
    notebook = show("hello.ipynb", START, HELLO)
    notebook.run_all()
    assert notebook.errors() == []
    assert "sessions so far: 0" in notebook.text()
    assert "result: 42" in notebook.text()
    assert "without encryption" not in server.log.read_text()  # so ipykernel would warn

    notebook.restart_kernel()
    notebook.run_all()
    assert notebook.errors() == []
    assert "sessions so far: 1" in notebook.text()

    notebook.page.close()  # it would complain that its server is gone
    running = server.processes()
    assert len(running) >= 4, "JupyterLab, a kernel, the embedded ArmoniK and a worker at least"
    server.kill()
    _, alive = psutil.wait_procs(running, timeout=SECONDS_TO_BE_GONE)
    assert [" ".join(process.cmdline()) for process in alive] == []
    assert server.processes() == []
