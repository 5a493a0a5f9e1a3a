"""``hello-armonik lab``, started as a program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hello_helpers.cli import lab
from tests.browser.server import JupyterServer
from tests.isolation import environment

COMMAND = [sys.executable, "-m", "hello_helpers", "lab"]


def run(*options: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command until it ends, with a home of its own; ``--version`` makes it end."""
    return subprocess.run(
        [*COMMAND, *options],
        env={**os.environ, **environment(home / "jupyter"), "HOME": str(home), **variables},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """What the command becomes; the copy is in a folder ``mine``."""
    folder = tmp_path_factory.mktemp("lab")
    command = [*COMMAND, "--dir", str(folder / "mine")]
    with JupyterServer(command, folder, cwd=folder) as running:
        yield running


def test_jupyterlab_serves_the_copy_with_the_first_lesson_in_front(server: JupyterServer) -> None:
    served = [file["name"] for file in server.ask("GET", "api/contents")["content"]]
    log = server.log.read_text()
    assert "00_welcome.ipynb" in served
    assert f"Your copy of the lessons: {server.home / 'mine'}" in log
    address = f"{server.url}lab/workspaces/hello-armonik/tree/00_welcome.ipynb?token={server.token}"
    assert address.replace("localhost", "127.0.0.1") in log


def test_jupyterlab_asks_for_no_news(server: JupyterServer) -> None:
    path = "lab/api/settings/@jupyterlab/apputils-extension:notification"
    defaults = server.ask("GET", path)["schema"]["properties"]
    assert defaults["fetchNews"]["default"] == "false"
    assert defaults["checkForUpdates"]["default"] is False


def test_the_copy_is_made_at_home_unless_told_otherwise(tmp_path: Path) -> None:
    done = run("--version", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hello-armonik" / "00_welcome.ipynb").exists()
    assert "new: 00_welcome.ipynb" in done.stderr


def test_a_home_that_cannot_be_written_is_named_and_a_temporary_copy_made(tmp_path: Path) -> None:
    (tmp_path / "hello-armonik").write_text("a file is in the way")
    (tmp_path / "tmp").mkdir()
    done = run("--version", home=tmp_path, TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 0, done.stderr
    assert f"cannot be copied to {tmp_path}/hello-armonik: File exists" in done.stderr
    assert "temporary folder" in done.stderr
    assert len(list((tmp_path / "tmp").glob("hello-armonik-*/00_welcome.ipynb"))) == 1


def test_a_chosen_folder_that_cannot_be_written_ends_it_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("--dir", str(tmp_path / "file" / "mine"), home=tmp_path)
    assert done.returncode == 1
    assert "cannot be copied" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_screen_it_says_where_to_go_instead_of_opening_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(variable, raising=False)
    done = run("--version", home=tmp_path)
    assert "Open the address" in done.stderr


def test_without_jupyterlab_it_says_what_to_install(tmp_path: Path) -> None:
    without = "import sys; sys.modules['jupyterlab'] = None; sys.argv[0] = 'hello-armonik';"
    done = subprocess.run(
        [sys.executable, "-c", f"{without} from hello_helpers.__main__ import main; main()", "lab"],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "JupyterLab is not installed" in done.stderr
    assert "-m pip install jupyterlab" in done.stderr


def test_an_option_that_is_given_replaces_ours(tmp_path: Path) -> None:
    command = lab.jupyter_command(tmp_path, ["--ServerApp.root_dir=/elsewhere", "--port=1234"])
    assert [o for o in command if "root_dir" in o] == ["--ServerApp.root_dir=/elsewhere"]
    assert command[-1] == "--port=1234"


def test_settings_of_other_people_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/theirs")
    assert lab.jupyter_environment()["JUPYTER_CONFIG_PATH"] == f"{lab.SETTINGS}{os.pathsep}/theirs"
