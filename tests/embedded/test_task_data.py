"""The folder that `serve --shared-folder` names: workers find the data of their tasks there."""

import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import pytest
from armonik.common import TaskStatus

from hello_helpers.embedded import StartError
from hello_helpers.embedded.folders import held_for_tasks
from tests.commands import complaint, hello_armonik
from tests.conformance.driver import ArmoniK

from .served import Served

# Never asks for `data_folder`, as PymoniK does not.
WORKER = """
import sys
from pathlib import Path
from armonik.common import Output
from armonik.worker import armonik_worker

@armonik_worker()
def worker(task):
    payload = (Path(sys.argv[1]) / task.token / task.payload_id).read_bytes()
    task.send_results({task.expected_results[0]: payload})
    return Output()

worker.run()
"""
PAYLOAD = bytes(100_000)  # so large that it is moved into the storage, and not copied


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another file system than the data folder, where there is one."""
    place = Path("/dev/shm")
    path = Path(tempfile.mkdtemp(dir=place if place.is_dir() else None))
    yield path
    rmtree(path, ignore_errors=True)


def test_a_worker_finds_its_data_by_the_name_of_the_folder_and_nothing_stays_there(
    folder: Path, elsewhere: Path
):
    (folder / "worker.py").write_text(WORKER)
    worker = [sys.executable, str(folder / "worker.py"), str(elsewhere)]
    options = ["--shared-folder", str(elsewhere)]
    served = Served(folder, {"default": worker}, pods=1, options=options).start()
    with closing(ArmoniK(served.endpoint, "default")) as armonik:
        session = armonik.create_session()
        task = armonik.submit(session, payload_id=armonik.create_data(session, PAYLOAD))
        armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
        assert armonik.data(session, task.outputs[0]) == PAYLOAD
    assert served.stop() == 0
    assert [path.name for path in elsewhere.iterdir()] == [".lock"]


def test_serve_refuses_a_folder_that_is_missing_at_once_and_says_how_to_make_it(folder: Path):
    done = hello_armonik("serve", "--shared-folder", str(folder / "a b"))
    assert "No such file or directory" in complaint(done)
    assert f"install -d -m 700 '{folder / 'a b'}'" in complaint(done)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("a file", "no folder of yours"),
        ("somebody else's", "no folder of yours"),
        ("open to others", "can be entered by others"),
        ("not to be written", "cannot be used"),
    ],
)
def test_a_folder_that_will_not_do_is_refused_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, words: str
):
    if kind == "a file":
        folder = folder / "file"
        folder.touch()
    elif kind == "somebody else's":
        monkeypatch.setattr("os.geteuid", lambda: 54321)
    elif kind == "open to others":
        folder.chmod(0o755)
    else:
        folder = Path("/proc/self/fd")  # ours and closed, and nobody can make a file there
    with pytest.raises(StartError, match=words), held_for_tasks(folder):
        pass


def test_a_folder_in_use_is_refused_and_what_it_holds_of_tasks_is_left_alone(folder: Path):
    with held_for_tasks(folder):
        (folder / str(uuid.uuid4())).mkdir()
        with pytest.raises(StartError, match="Another embedded ArmoniK"), held_for_tasks(folder):
            pass
        assert len(list(folder.iterdir())) == 2


def test_what_a_killed_one_has_left_of_its_tasks_is_removed_and_nothing_else(folder: Path):
    (folder / str(uuid.uuid4()) / "deep").mkdir(parents=True)
    (folder / "mine").mkdir()
    with held_for_tasks(folder):
        assert {path.name for path in folder.iterdir()} == {".lock", "mine"}
