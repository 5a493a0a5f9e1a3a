"""Temporary folders go with their process, or soon after it was killed."""

import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from hello_helpers.course.certificates import certificate_folder
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.embedded.folders import ScratchFolder

pytestmark = pytest.mark.embedded_only

OWNER = """\
import time
from hello_helpers.embedded.folders import ScratchFolder

folder = ScratchFolder()
print(folder.name, flush=True)
time.sleep(60)
"""

OWNER_WITH_ARMONIK = """\
import time
from hello_helpers.course.certificates import certificate_folder
from hello_helpers.embedded import EmbeddedArmonik

folder = certificate_folder()
armonik = EmbeddedArmonik(pods=1, tls=folder.name)
print(folder.name, armonik.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, for this test only."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_only_its_owner_can_enter_it_and_it_goes_at_the_end(home: Path) -> None:
    with certificate_folder() as name:
        assert Path(name).parent == home
        assert Path(name).stat().st_mode & 0o777 == 0o700
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("home")
def test_the_folder_of_a_killed_process_goes_when_the_next_one_is_made() -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout
        left = Path(one.stdout.readline().strip())
        (left / "key.pem").touch()
        with ScratchFolder():
            assert left.exists(), "its process lives"
        one.kill()
        one.wait()
        assert left.exists()
        with ScratchFolder():
            assert not left.exists()


@pytest.mark.usefixtures("home")
def test_the_certificates_of_a_killed_process_go_with_its_embedded_armonik() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER_WITH_ARMONIK], stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout
        left, pid = one.stdout.readline().split()
        assert (Path(left) / "client-key.pem").exists()
        armonik = psutil.Process(int(pid))
        one.kill()
        one.wait()
        armonik.wait(20)
        assert not Path(left).exists()


def test_what_only_looks_like_one_is_left_alone(home: Path) -> None:
    others = [home / "ak-1-2-", home / "ak-zz-1-abcdefgh", home / "ak-1-1-file", home / "other"]
    for path in others:
        path.mkdir() if path.name != "ak-1-1-file" else path.touch()
    (home / "ak-1-1-link").symlink_to(home / "other")
    with ScratchFolder():
        assert all(path.exists() for path in [*others, home / "ak-1-1-link"])


def test_the_switchboard_has_one_and_takes_it_along(home: Path) -> None:
    with EmbeddedArmonik(pods=1, switchboard=True):
        assert len(list(home.glob("ak-*"))) == 1
    assert list(home.glob("ak-*")) == []
