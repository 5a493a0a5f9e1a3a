"""A notebook whose embedded ArmoniK was stopped, and a cell that is stopped by ■."""

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import hello_armonik
from tests.lessons.running import Kernel, cell_of, folder

pytestmark = pytest.mark.embedded_only

STOPPED = "The embedded ArmoniK that this notebook used has been stopped: run the first cell again."

SEND = (
    "from hello_helpers import create_payload, submit_task\n"
    "data = create_payload(channel, session_id, Payload([1, 2]))"
)


@pytest.fixture(autouse=True)
def _own_armonik(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A private folder of the test, so that it stops no one else's ArmoniK."""
    monkeypatch.setenv("HELLO_ARMONIK_DIR", folder(tmp_path, "a"))
    yield
    command("stop")


@pytest.fixture
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A lesson that was run until a cell, see `opened`."""
    with Kernel() as kernel:
        name, ending = request.param
        kernel.open(name)
        kernel.run_until(ending)
        yield kernel


def opened(name: str, *, until: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kernel", [(name, until)], indirect=True, ids=[name])


def command(name: str) -> str:
    """Run `hello-armonik NAME`, as a learner does in a terminal; return what it prints."""
    done = hello_armonik(name)
    assert done.returncode == 0, done.stderr
    return done.stdout


@opened("05_wait", until="journey-text")
def test_an_old_channel_says_which_cell_to_run_and_that_cell_works_at_once(kernel: Kernel) -> None:
    begin = cell_of(kernel.notebook, "begin")
    old_session = kernel.say("print(session_id)")
    assert command("stop").strip() == "The embedded ArmoniK has been stopped."

    for code in (
        SEND,  # a helper of the course
        "results.create_results_metadata(['more'], session_id)",  # ArmoniK's own class
        "wait_for_results(channel, session_id, [result_id], timeout=50)",
    ):
        shown = kernel.say(code)
        assert STOPPED in shown, shown
        assert not re.search(r"endpoint.check\(\)|Traceback", shown)
    assert command("status").startswith("No embedded ArmoniK is running.")

    assert "Backend: embedded ArmoniK on this machine" in kernel.run(begin)
    assert kernel.say("print(session_id)") != old_session
    assert kernel.say(SEND) == ""


@opened("05_wait", until="journey-text")
def test_an_old_endpoint_works_on_a_new_armonik(kernel: Kernel) -> None:
    command("stop")
    assert "Result : 45" in command("run")  # it starts the new one
    assert "'core'" in kernel.say("endpoint.check()")
    anew = f"session_id = pick_up_session(channel)\n{SEND}\nsubmit_task(channel, session_id, data)"
    assert "stopped" not in kernel.say(anew)
    assert kernel.say("wait_for_results(channel, session_id, [data.result_id], 30)") == ""
    form = "values_form.run.click()\nprint(values_form.wait(30))"
    kernel.run(cell_of(kernel.notebook, "values-form"))
    assert kernel.say(form).strip() == "45"


@opened("00_welcome", until="all-notebooks")
def test_forms_and_their_answers_start_it_again(kernel: Kernel) -> None:
    command("stop")
    shown = kernel.say("values_form.run.click()\nprint(values_form.wait(30))")
    assert shown.strip() == "45"
    command("stop")
    assert "Backend: embedded" in kernel.run(cell_of(kernel.notebook, "backend"))
    assert "Process" in command("status"), "what the cell has printed is true"
    command("stop")
    assert "'core'" in kernel.say("endpoint.check()")


@opened("01_channel", until="wrong")
def test_a_channel_that_the_notebook_opens_by_itself_is_told_the_same(kernel: Kernel) -> None:
    kernel.say("from armonik.client import ArmoniKVersions")
    command("stop")
    assert STOPPED in kernel.say("ArmoniKVersions(channel).list_versions()")


@opened("07_worker", until="log-text")
def test_a_private_armonik_that_has_ended_is_called_by_its_name(kernel: Kernel) -> None:
    shown = kernel.say("held = endpoint.open_channel()\narmonik.close()\nask('Bob')")
    assert "The private ArmoniK that this was sent to has ended." in shown
    shown = kernel.say("endpoint.check()")
    assert shown.startswith("EndedError: The private ArmoniK")


@opened("05_wait", until="failures")
def test_an_interrupted_cell_says_what_it_waited_for(kernel: Kernel) -> None:
    wait = "wait_for_results(channel, session_id, [orphan_id], timeout=60)"
    shown = interrupted(kernel, wait)
    first, second = shown.splitlines()
    assert first.startswith("Interrupted after 2 s while waiting for 1 result (status CREATED)")
    assert second == "ArmoniK goes on with its tasks; run the cell again to wait again."
    shown = interrupted(kernel, "import time\ntime.sleep(60)")
    first, second, _ = shown.splitlines()
    assert first == "The cell was interrupted."
    assert second == "It happened here: time.sleep(60)"
    assert "Traceback" in kernel.say("%tb")


def interrupted(kernel: Kernel, code: str) -> str:
    """Run code, press ■ after two seconds, and return what is shown."""
    pid = int(kernel.say("import os\nprint(os.getpid())"))
    button = threading.Timer(2.0, os.killpg, (pid, signal.SIGINT))  # as Jupyter does
    button.start()
    try:
        return kernel.say(code)
    finally:
        button.join()
