"""``hello-armonik lab``, started as a program."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager

from hello_helpers.__main__ import main
from hello_helpers.cli import lab
from hello_helpers.cli.jupyter import (
    RunningJupyter,
    find_running,
    unknown_option,
)
from hello_helpers.cli.lesson_kernels import READABLE, LessonKernels
from tests.browser.server import JupyterServer, told_in_terminal
from tests.commands import CLI, complaint, finish, hello_armonik, python
from tests.isolation import environment
from tests.unit import listeners

COMMAND = [*CLI, "lab"]


@pytest.fixture
def became(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where the command has become JupyterLab, which it only says; it has a home of its own."""
    began: list[Path] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(lab, "_become", lambda *_: began.append(Path.cwd()) or 0)
    return began


class WithoutHome(JupyterServer):
    """What the command becomes where no folder of Jupyter can be written in the home folder."""

    def __init__(self, folder: Path) -> None:
        """Start it with a file as home folder: root can write everywhere else."""
        (folder / "home").write_text("")
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        without = [f"--unset={name}" for name in environment(folder) if name.startswith("J")]
        variables = [f"HOME={folder / 'home'}", f"TMPDIR={self.temporary}"]
        command = ["env", *without, "--unset=IPYTHONDIR", *variables, *COMMAND]
        super().__init__(command, folder)

    def runtime(self) -> Path:
        """Return the folder of Jupyter's files about what runs."""
        folders = self.temporary.glob("hello-armonik-jupyter-*/jupyter_runtime_dir")
        return next(folders, self.temporary / "not yet")


@contextlib.contextmanager
def fresh_kernel(server: JupyterServer) -> Iterator[BlockingKernelClient]:
    """Start a kernel of this server, in which nothing has run."""
    kernel = server.ask("POST", "api/kernels")["id"]
    client = BlockingKernelClient()
    client.load_connection_file(str(server.runtime() / f"kernel-{kernel}.json"))
    client.start_channels(hb=False)  # a kernel that is still starting has no heartbeat
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()
    server.ask("DELETE", f"api/kernels/{kernel}")


def answer(client: BlockingKernelClient, code: str) -> str:
    """Run one cell; return what it has shown."""
    told: list[str] = []

    def listen(message: dict[str, Any]) -> None:
        content = message["content"]
        told.append(content.get("text", "") or "\n".join(content.get("traceback", [])))

    client.execute_interactive(code, timeout=60, output_hook=listen)
    return "".join(told)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """What the command becomes, with warnings as errors; the copy is in a folder ``mine``."""
    folder = tmp_path_factory.mktemp("lab")
    command = ["env", "PYTHONWARNINGS=error", *COMMAND, "--dir", str(folder / "mine")]
    with JupyterServer(command, folder, cwd=folder) as running:
        yield running


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[BlockingKernelClient]:
    """A kernel in which no lesson has begun; the first test here sees it as it has started."""
    with fresh_kernel(server) as client:
        yield client


def test_a_fresh_kernel_loads_nothing_that_takes_time(
    server: JupyterServer, kernel: BlockingKernelClient
) -> None:
    code = "import sys; print(sorted({'grpc', 'armonik', 'ipywidgets'} & set(sys.modules)))"
    assert answer(kernel, code) == "[]\n"
    assert "Warning" not in server.log.read_text()


def test_jupyterlab_serves_the_copy_with_the_first_lesson_in_front(server: JupyterServer) -> None:
    served = [file["name"] for file in server.ask("GET", "api/contents")["content"]]
    log = server.log.read_text()
    assert "00_welcome.ipynb" in served
    assert f"Your copy of the lessons: {server.home / 'mine'}" in log
    address = f"{server.url}lab/workspaces/hello-armonik/tree/00_welcome.ipynb?token={server.token}"
    assert address.replace("localhost", "127.0.0.1") in log
    assert "Warning" not in log


def test_jupyterlab_says_where_it_is_and_not_what_it_loads(server: JupyterServer) -> None:
    told = server.log.read_text()
    assert "/lab/workspaces/hello-armonik/tree/00_welcome.ipynb?token=" in told
    assert "[I " not in told


def test_jupyterlab_asks_for_no_news(server: JupyterServer) -> None:
    path = "lab/api/settings/@jupyterlab/apputils-extension:notification"
    defaults = server.ask("GET", path)["schema"]["properties"]
    assert defaults["fetchNews"]["default"] == "false"
    assert defaults["checkForUpdates"]["default"] is False


@pytest.mark.parametrize(
    ("code", "words", "remedy"),
    [
        (
            "close(session_id)",
            "NameError: there is no 'close' here.",
            "menu Run",
        ),
        (
            "from hello_helpers.course import begin_lesson, end_lesson",  # as lessons of 0.1 begin
            "There is no hello_helpers.course.begin_lesson in this version of the course",
            "rename or delete this copy and start `hello-armonik lab` again",
        ),
        (
            "from hello_helpers.sessions import hello_partition",
            "There is no hello_helpers.sessions in this version of the course",
            "`hello-armonik lab --dir FOLDER`",
        ),
    ],
)
def test_in_a_kernel_without_a_lesson_what_is_missing_gets_a_sentence(
    kernel: BlockingKernelClient, code: str, words: str, remedy: str
) -> None:
    shown = answer(kernel, code)
    assert words in shown
    assert remedy in shown
    assert "Traceback" not in shown


def test_a_terminal_knows_the_commands_though_jupyterlab_was_started_without_one(
    server: JupyterServer,
) -> None:
    name = server.ask("POST", "api/terminals")["name"]
    shown = told_in_terminal(server.url, server.token, name, "command -v hello-armonik")
    server.ask("DELETE", f"api/terminals/{name}")
    assert str(Path(sys.executable).parent / "hello-armonik") in shown


def test_the_commands_of_this_course_come_first_and_settings_of_other_people_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", f"/theirs{os.pathsep}/usr/bin")  # nothing was activated
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/theirs")
    ours = lab.jupyter_environment()
    first = str(Path(sys.executable).parent)
    assert ours["PATH"].split(os.pathsep) == [first, "/theirs", "/usr/bin"]
    assert ours["JUPYTER_CONFIG_PATH"] == f"{lab.SETTINGS}{os.pathsep}/theirs"


def test_an_option_that_is_given_replaces_ours(tmp_path: Path) -> None:
    command = lab.jupyter_command(tmp_path, ["--ServerApp.root_dir=/elsewhere", "--port=1234"])
    assert [o for o in command if "root_dir" in o] == ["--ServerApp.root_dir=/elsewhere"]
    assert command[-1] == "--port=1234"


def test_a_terminal_begins_where_the_notebooks_are(tmp_path: Path, became: list[Path]) -> None:
    assert main(["lab", "--no-browser", "--dir", str(tmp_path / "mine")]) == 0
    assert became == [tmp_path / "mine"]


def install_kernel(folder: Path, name: str, program: str) -> None:
    """Leave a kernel somewhere, as other Pythons do."""
    kernel = {"argv": [program, "{connection_file}"], "display_name": name, "language": "python"}
    (folder / "kernels" / name).mkdir(parents=True)
    (folder / "kernels" / name / "kernel.json").write_text(json.dumps(kernel))


def test_the_lessons_run_in_this_python_whatever_kernels_others_have_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    install_kernel(tmp_path, "python3", "/other/python")
    install_kernel(tmp_path, "ir", "R")
    theirs, ours = KernelSpecManager(), LessonKernels(allowed_kernelspecs={"ir"})
    assert theirs.get_kernel_spec("python3").argv[0] == "/other/python"
    for spec in (ours.get_kernel_spec("python3"), ours.get_kernel_spec("Python3")):
        assert (spec.argv[0], READABLE in spec.argv) == (sys.executable, True)
    assert ours.get_kernel_spec("ir").argv == ["R", "{connection_file}"]
    listed = {name: kernel["spec"]["argv"][0] for name, kernel in ours.get_all_specs().items()}
    assert listed == {"ir": "R", "python3": sys.executable}


def test_the_copy_is_made_at_home_and_without_a_screen_it_says_where_to_go(
    became: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(variable, raising=False)
    assert main(["lab"]) == 0
    assert became == [tmp_path / "hello-armonik"]
    assert (became[0] / "00_welcome.ipynb").exists()
    told = capsys.readouterr().err
    assert "new: 00_welcome.ipynb" in told
    assert "Open the address" in told


def test_a_home_that_cannot_be_written_is_named_and_a_temporary_copy_made(
    became: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "hello-armonik").write_text("a file is in the way")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    assert main(["lab"]) == 0
    told = capsys.readouterr().err
    assert f"cannot be copied to {tmp_path}/hello-armonik: File exists" in told
    assert "temporary folder" in told
    assert [folder / "00_welcome.ipynb" for folder in became] == list(
        (tmp_path / "tmp").glob("hello-armonik-*/00_welcome.ipynb")
    )


def test_with_a_home_that_cannot_be_written_jupyterlab_starts_and_runs_code(tmp_path: Path) -> None:
    with WithoutHome(tmp_path) as server:
        served = [file["name"] for file in server.ask("GET", "api/contents")["content"]]
        assert "00_welcome.ipynb" in served
        with fresh_kernel(server) as client:
            told = answer(client, "print(6 * 7)")
    assert told == "42\n"
    log = server.log.read_text()
    assert "Jupyter cannot write its own files in your home folder" in log
    assert "Traceback" not in log


LAB = "import sys; from hello_helpers.__main__ import main; sys.exit(main(['lab']))"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (
            "import tempfile; tempfile.tempdir = 'file/nowhere'",
            "No temporary folder can be made: Not a directory.",
        ),
        (
            "import sys; sys.modules['jupyterlab'] = None",
            "-m pip install jupyterlab",
        ),
    ],
)
def test_without_any_folder_or_jupyterlab_it_ends_with_a_sentence(
    tmp_path: Path, before: str, words: str
) -> None:
    (tmp_path / "file").write_text("")
    done = python(f"{before}; {LAB}", cwd=tmp_path, HOME=str(tmp_path / "file"))
    assert words in complaint(done)


def lab_again(
    server: JupyterServer, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command, on the folder of a server that runs."""
    mine = ("--dir", str(server.home / "mine"), "--no-browser")
    return hello_armonik("lab", *mine, *options, **{**server.variables, **variables})


def test_where_one_runs_its_address_is_told_and_no_other_is_started(server: JupyterServer) -> None:
    done = lab_again(server)
    assert done.returncode == 0
    assert "runs on this folder already" in done.stderr
    assert "present value" not in done.stderr
    address = f"{server.url}lab/workspaces/hello-armonik/tree/00_welcome.ipynb?token={server.token}"
    assert f"\n{address}\n" in done.stderr


def test_one_that_was_started_without_the_endpoint_says_so_and_how_to_end_it(
    server: JupyterServer,
) -> None:
    port = server.url.rstrip("/").rpartition(":")[2]
    told = lab_again(server, AK_ENDPOINT="http://armonik.example.org:5001").stderr
    assert "does not know the present value of AK_ENDPOINT:" in told
    assert f"server stop {port}`" in told


def test_where_the_variables_of_the_running_one_cannot_be_read_those_of_here_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AK_ENDPOINT", "http://armonik.example.org:5001")
    monkeypatch.delenv("HELLO_PARTITION", raising=False)
    nobody = RunningJupyter("http://localhost:1/", 1, pid=-1)
    assert nobody.differing(["AK_ENDPOINT", "HELLO_PARTITION"]) == ["AK_ENDPOINT"]


def test_with_options_a_second_one_starts_after_a_warning(server: JupyterServer) -> None:
    done = lab_again(server, "--version")
    assert done.returncode == 0
    assert f"runs on this folder already: {server.url}" in done.stderr
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout), "it became JupyterLab"


def test_with_layout_the_first_lesson_stands_beside_a_live_board(
    server: JupyterServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    mine = server.home / "mine"
    assert main(["lab", "--layout", "--no-browser", "--dir", str(mine)]) == 0  # it runs already
    layout = server.ask("GET", "lab/api/workspaces/hello-armonik-layout")["data"]
    left, right = layout["layout-restorer:data"]["main"]["dock"]["children"]
    files = [layout[half["widgets"][0]]["data"]["path"] for half in (left, right)]
    assert files == ["00_welcome.ipynb", "board.ipynb"]
    nbformat.validate(nbformat.read(mine / "board.ipynb", as_version=4))
    (mine / "board.ipynb").write_text("of the learner")
    main(["lab", "--layout", "--no-browser", "--dir", str(mine)])
    assert (mine / "board.ipynb").read_text() == "of the learner"


def test_a_layout_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path / "file" / "workspaces"))
    monkeypatch.setattr(lab, "folders_elsewhere", dict)
    assert main(["lab", "--layout", "--dir", str(tmp_path / "mine")]) == 1
    told = capsys.readouterr().err
    assert "The layout cannot be written: Not a directory" in told
    assert "Start without --layout" in told


def test_a_server_runs_on_its_own_folder_only(
    server: JupyterServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(server.runtime()))
    found = [find_running(folder, "lab") for folder in (server.home / "mine", tmp_path)]
    assert [bool(each) for each in found] == [True, False]


def tell_of_server(runtime: Path, monkeypatch: pytest.MonkeyPatch, **server: Any) -> None:
    """Write what a server of Jupyter writes about itself: it serves `runtime`."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    known = {"root_dir": str(runtime), "url": "https://localhost:1/", "pid": os.getpid(), **server}
    (runtime / "jpserver-1.json").write_text(json.dumps(known))


def test_one_that_asks_for_a_password_is_found_and_so_is_one_with_a_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        tell_of_server(tmp_path, monkeypatch, port=port, token="", password=True)
        found = find_running(tmp_path, "lab")
        assert found == RunningJupyter("https://localhost:1/lab", port, os.getpid())
        tell_of_server(tmp_path, monkeypatch, port=port, token="", pid=1)
        assert find_running(tmp_path, "lab") is None  # another process listens there


@pytest.mark.parametrize("damage", ["", "[]", "{", "{}"])
def test_a_server_that_does_not_listen_any_more_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    tell_of_server(tmp_path, monkeypatch, port=listeners.closed_port(), token="")
    if damage:
        (tmp_path / "jpserver-1.json").write_text(damage)
    assert find_running(tmp_path, "lab") is None


@pytest.mark.parametrize("option", ["--nosuch", "--nosuch=1", "-z"])
def test_an_option_that_nobody_has_is_told_in_a_sentence(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", option]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"Neither this command nor JupyterLab has an option {option}."
    assert "--help" in second


def test_every_option_that_jupyterlab_tells_of_is_handed_on() -> None:
    told = finish(sys.executable, "-m", "jupyterlab", "--help").stdout
    options = re.findall(r"^--?[a-z][\w-]*", told, re.MULTILINE)
    assert len(options) > 20
    assert unknown_option(options) is None
    assert unknown_option(["--ServerApp.port=1", "--port", "9000", "01_channel.ipynb"]) is None


def test_a_chosen_folder_that_cannot_be_written_ends_it_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["lab", "--dir", str(tmp_path / "file" / "mine")]) == 1
    assert "cannot be copied" in capsys.readouterr().err
