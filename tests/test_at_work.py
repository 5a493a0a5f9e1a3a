"""What docs/at-work.md and its Dockerfile say works, as far as that can be tried without Docker."""

import importlib.metadata
import os
import re
import shlex
import shutil
import sys
import venv
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task, TaskStatus, create_channel
from armonik.protogen.worker import agent_service_pb2, worker_service_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hello_helpers.embedded import EmbeddedArmonik
from tests.commands import SILENT_WORKER, complaint, finish, hello_armonik
from tests.unit import listeners

pytestmark = pytest.mark.embedded_only

HAS_GO = all(map(shutil.which, ("go", "protoc", "protoc-gen-go", "protoc-gen-go-grpc")))

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    """The text of docs/at-work.md."""
    return (root / "docs" / "at-work.md").read_text()


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    """The Dockerfile of the hello worker, without comments and continued lines."""
    text = (root / "docs" / "cluster" / "Dockerfile").read_text()
    return re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")


@pytest.fixture
def programs(page: str, tmp_path: Path) -> Path:
    """A folder with the programs of the page."""
    for _, code in FENCE.findall(page):
        if named := re.match(r"(?:#|//) (\w+\.(?:py|go))\n", code):
            (tmp_path / named[1]).write_text(code)
    return tmp_path


def protocol(*modules: ModuleType) -> bytes:
    """Return the .proto files of modules, and all that they import, in a form that protoc reads."""
    found = FileDescriptorSet()

    def add(file: FileDescriptor) -> None:
        if file.name not in [one.name for one in found.file]:
            for imported in file.dependencies:
                add(imported)
            file.CopyToProto(found.file.add())

    for module in modules:
        add(module.DESCRIPTOR)
    return found.SerializeToString()


def copied(dockerfile: str, root: Path, app: Path) -> None:
    """Copy into `app` what the Dockerfile copies into its work folder."""
    for line in re.findall(r"^COPY (.+)", dockerfile, re.MULTILINE):
        *sources, folder = line.split()
        (app / folder).mkdir()
        for source in sources:
            shutil.copy(root / source, app / folder)


def with_needs(*names: str) -> list[importlib.metadata.Distribution]:
    """Return what is installed of these distributions, and of all that they need."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found[name] = importlib.metadata.distribution(name)
            needed = map(Requirement, found[name].requires or ())
            waiting += [r.name for r in needed if not r.marker or r.marker.evaluate({"extra": ""})]
    return list(found.values())


# -- the image of the hello worker


def test_the_image_has_the_versions_of_pyproject_and_of_conda(root: Path, dockerfile: str) -> None:
    (wanted,) = re.findall(r'pip install --no-cache-dir "(armonik[^"]+)"', dockerfile)
    assert f'"{wanted}"' in (root / "pyproject.toml").read_text()
    (python,) = re.findall(r"^FROM python:(\S+)-slim", dockerfile, re.MULTILINE)
    assert f"python={python}\n" in (root / "environment.yml").read_text()


def test_the_user_of_the_image_is_the_one_that_owns_the_folder_of_the_sockets(
    dockerfile: str,
) -> None:
    assert "groupadd --gid 5000 armonikuser" in dockerfile
    assert "useradd --uid 5000 --gid 5000" in dockerfile
    assert re.search(r"mkdir /cache\s+&& chown armonikuser: /cache", dockerfile)
    assert dockerfile.index("USER armonikuser") < dockerfile.index("CMD")


def test_the_worker_needs_no_file_that_the_image_does_not_copy(
    root: Path, dockerfile: str, tmp_path: Path
) -> None:
    copied(dockerfile, root, tmp_path)
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    for distribution in with_needs("armonik"):  # as pip would install them, and no more
        names = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        for name in names:
            (site / name).symlink_to(distribution.locate_file(name))
    (command,) = re.findall(r"^CMD (\[.+\])", dockerfile, re.MULTILINE)
    program, *arguments = re.findall(r'"([^"]+)"', command)
    assert program == "python"
    worker = shlex.join([str(environment / "bin" / "python"), *arguments])
    start = f"cd {shlex.quote(str(tmp_path))} && exec {worker}"
    with EmbeddedArmonik({"hello": ["sh", "-c", start]}, pods=1) as armonik:
        asked = ("run", "-e", armonik.endpoint, "-p", "hello", "-n", "1000")
        done = hello_armonik(*asked, cwd=root)
    assert "Result : 499500\n" in done.stdout, done.stderr


def test_the_page_and_the_dockerfile_tell_the_same_commands(root: Path, page: str) -> None:
    text = (root / "docs" / "cluster" / "Dockerfile").read_text()
    commands = re.findall(r"^(?:#\s+)?(docker (?:build|push) .+)", text, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert f"\n{command}\n" in page


# -- the programs of the page


def test_the_client_and_the_worker_of_the_page_count_words_and_tell_what_is_lost(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = programs / "bin" / "python"  # "python" is not that of the terminal, says the page
    other.parent.mkdir()
    other.symlink_to("/bin/false")
    monkeypatch.setenv("PATH", str(other.parent), prepend=os.pathsep)
    (programs / "one.txt").write_text("one two three")
    (programs / "two.txt").write_text("four five")
    source = (programs / "count_worker.py").read_text()
    forgets = source.replace("task.send_results({task.expected_results[0]: answer})", "answer")
    (programs / "forgets_worker.py").write_text(forgets)
    workers = {name: f"{name}_worker.py" for name in ("count", "forgets")}
    partitions = {name: shlex.join(["python", str(programs / workers[name])]) for name in workers}
    with EmbeddedArmonik(partitions, port=0) as armonik:

        def count(partition: str, *files: str, client: str = "count_client.py") -> Any:
            return finish(sys.executable, client, armonik.endpoint, partition, *files, cwd=programs)

        done = count("count", "one.txt", "two.txt")
        assert done.returncode == 0, done.stderr
        assert [line.split()[0] for line in done.stdout.splitlines()] == ["3", "2", "5"]
        (programs / "bad_client.py").write_text(spoilt((programs / "count_client.py").read_text()))
        partly = count("count", "one.txt", "two.txt", client="bad_client.py")
        forgotten = count("forgets", "one.txt")
    assert [line.split()[0] for line in partly.stdout.splitlines()] == ["3", "3"]
    _session, lost = complaint(partly).splitlines()
    assert lost.startswith("two.txt has no count. Its task is ERROR. The payload is no text")
    _session, lost = complaint(forgotten).splitlines()
    assert lost == "one.txt has no count. Its task is COMPLETED. It was never sent."


def spoilt(client: str) -> str:
    """Return the client of the page; of four words it makes no text."""
    return client.replace("text.encode()", r'b"\xff" if "four" in text else text.encode()')


@pytest.mark.slow
@pytest.mark.skipif(not HAS_GO, reason="needs Go, its gRPC, and protoc, as Debian has them")
def test_the_worker_in_go_counts_words_on_unix_sockets_and_on_ports(
    page: str, programs: Path
) -> None:
    (build,) = [code for _, code in FENCE.findall(page) if "go build" in code and "apt" not in code]
    (programs / "armonik.pb").write_bytes(protocol(worker_service_pb2, agent_service_pb2))
    here = build.replace("-I ArmoniK.Api/Protos/V1", "--descriptor_set_in=armonik.pb")
    assert here != build
    built = finish("sh", "-ec", here, cwd=programs)
    assert built.returncode == 0, built.stderr
    (programs / "one.txt").write_text("one two three")
    (programs / "two.txt").write_text("word " * 100_000)
    (programs / "bad.txt").write_text("four")
    (programs / "bad_client.py").write_text(spoilt((programs / "count_client.py").read_text()))
    for on_ports in (False, True):
        worker = [str(programs / "count_worker")]
        with EmbeddedArmonik({"words": worker}, pods=1, tcp_workers=on_ports) as armonik:
            where = (armonik.endpoint, "words")
            client = (sys.executable, "count_client.py", *where)
            done = finish(*client, "one.txt", "two.txt", cwd=programs)
            counts = [line.split()[0] for line in done.stdout.splitlines()]
            assert counts == ["3", "100000", "100003"], done.stderr
            bad = finish(sys.executable, "bad_client.py", *where, "bad.txt", cwd=programs)
            assert "bad.txt has no count. Its task is ERROR. The payload is no text" in bad.stderr


def test_what_goes_wrong_the_client_of_the_page_says_in_a_line(programs: Path) -> None:
    (programs / "one.txt").write_text("one two three")
    dead = f"http://localhost:{listeners.closed_port()}"
    with EmbeddedArmonik(pods=1) as armonik:
        wrong = {
            (armonik.endpoint, "words", "one.txt"): "ArmoniK's answer is NOT_FOUND: Partition was",
            (dead, "words", "one.txt"): "ArmoniK's answer is UNAVAILABLE: ",
            (armonik.endpoint, "words", "two.txt"): "No such file or directory: 'two.txt'",
            (armonik.endpoint, "words"): "python count_client.py URL PARTITION FILE ...",
        }
        for arguments, words in wrong.items():
            done = finish(sys.executable, "count_client.py", *arguments, cwd=programs)
            assert words in complaint(done)


def test_the_client_of_the_page_gives_up_when_its_time_is_over_and_lets_the_tasks_go_on(
    programs: Path,
) -> None:
    (programs / "one.txt").write_text("one two three")
    client = programs / "count_client.py"
    client.write_text(client.read_text().replace("SECONDS = 600", "SECONDS = 0.2"))
    with EmbeddedArmonik({"words": SILENT_WORKER}) as nobody:
        done = finish(
            sys.executable, str(client), nobody.endpoint, "words", "one.txt", cwd=programs
        )
        lost = "one.txt has no count. Its task is SUBMITTED. It is not there after 0.2 seconds."
        session, told = complaint(done).splitlines()
        assert told == lost
        with create_channel(nobody.endpoint) as channel:
            mine = Task.session_id == session.removeprefix("Session ")
            assert ArmoniKTasks(channel).count_tasks_by_status(mine) == {TaskStatus.SUBMITTED: 1}
            left = ArmoniKSessions(channel).get_session(session.removeprefix("Session "))
            assert left.status == SessionStatus.RUNNING


def test_the_tests_of_the_page_need_no_armonik(programs: Path) -> None:
    done = finish(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("--rootdir", os.curdir, "test_count_worker.py"),
        cwd=programs,
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",  # none of them is needed, and they load slowly
    )
    assert "3 passed" in done.stdout, done.stdout
