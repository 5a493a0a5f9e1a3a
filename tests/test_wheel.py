"""A wheel carries all that is needed, and takes the place of the version before."""

import importlib.metadata
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from hello_helpers.cli.kit import SOURCES
from tests.commands import finish, started

BEFORE = "5f7776e"
"""The last commit of version 0.1.0."""

USE = """
from hello_helpers import Endpoint
endpoint = Endpoint.find()
print("ready")
input()
"""
"""A notebook of that version, say, which uses its ArmoniK: without one, that ends soon."""


def build(sources: Path, target: Path) -> Path:
    """Build a wheel, without a network."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target))
    done = finish(sys.executable, "-m", "pip", "wheel", *options, str(sources))
    assert done.returncode == 0, done.stderr
    (path,) = target.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sources(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a wheel is built from, so that building leaves nothing in the clone."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (root / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(root / name, copy / name, ignore=ignored)
        else:
            shutil.copy(root / name, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the sources."""
    return build(sources, tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def wheel_before(root: Path, tmp_path: Path) -> Path:
    """A wheel of the version before, made from the history."""
    archive = subprocess.run(
        ["git", "archive", BEFORE, *SOURCES], cwd=root, capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"the history of the project is not here: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tmp_path / "before", filter="data")
    return build(tmp_path / "before", tmp_path / "wheel-before")


class Installation:
    """A virtual environment that gets what the course depends on from that of the tests."""

    def __init__(self, folder: Path) -> None:
        """Make it; nothing is fetched."""
        venv.create(folder, symlinks=True)  # pip, too, is that of the tests
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(str(Path(yaml.__file__).parents[1]))
        self.bin = folder / "bin"

    def install(self, wheel: Path) -> None:
        options = ("--quiet", "--no-index", "--no-deps", "--force-reinstall")
        done = self.run("python", "-m", "pip", "install", *options, str(wheel))
        assert done.returncode == 0, done.stderr

    def run(
        self, program: str, *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of it to its end, in its folder."""
        return finish(str(self.bin / program), *arguments, cwd=self.bin.parent, **variables)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "venv")


def test_a_wheel_carries_every_file_of_the_package_and_every_notebook(
    sources: Path, wheel: Path
) -> None:
    packed = zipfile.ZipFile(wheel).namelist()
    package = [
        p.relative_to(sources) for p in (sources / "hello_helpers").rglob("*") if p.is_file()
    ]
    assert {p.as_posix() for p in package} - set(packed) == set()
    share = re.compile(r"hello_armonik-[^/]+\.data/data/share/hello-armonik/notebooks/")
    carried = {share.sub("", name) for name in packed if share.match(name)}
    stored = {path.name for path in (sources / "notebooks").iterdir()}
    assert carried == {name for name in stored if not name.endswith(".py")}  # lessons write those


def test_an_installed_wheel_opens_the_lessons_from_any_folder(
    wheel: Path, installation: Installation
) -> None:
    installation.install(wheel)
    done = installation.run("hello-armonik", "lab", "--dir", "mine", "--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == importlib.metadata.version("jupyterlab")
    assert (installation.bin.parent / "mine" / "00_welcome.ipynb").exists()
    where = installation.run("python", "-c", "import hello_helpers; print(hello_helpers.__file__)")
    assert where.stdout.startswith(str(installation.bin.parent))


@pytest.fixture
def home() -> Iterator[Path]:
    """A home folder with a short name: the path of a socket in it is limited."""
    with tempfile.TemporaryDirectory(prefix="ha-home-") as name:
        yield Path(name)


def first_cell(notebook: Path) -> str:
    """Return the first code of a lesson."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "".join(next(cell["source"] for cell in cells if cell["cell_type"] == "code"))


RECORD = """
from hello_helpers.progress import Step, my_progress

my_progress().record("04", Step.RIGHT)
"""


@pytest.mark.embedded_only
@pytest.mark.timeout(300)
def test_the_version_before_is_upgraded_with_all_that_a_learner_has(
    wheel_before: Path, wheel: Path, installation: Installation, home: Path
) -> None:
    own = {"HOME": str(home), "HELLO_ARMONIK_DIR": str(home / "armonik"), "AK_ENDPOINT": ""}
    own |= {"XDG_DATA_HOME": "", "HELLO_PROGRESS_DIR": "", "HELLO_LEARNER": ""}

    def told(*arguments: str) -> str:
        """Run a command; return all that it says, which is no traceback."""
        done = installation.run("hello-armonik", *arguments, **own)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def told_on_own_data(command: str) -> str:
        """Run a command against an ArmoniK that keeps its data in a folder."""
        serve = [str(installation.bin / "hello-armonik"), "serve", "--data", str(home / "data")]
        with started(serve, cwd=installation.bin.parent, **own) as serving:
            return told(command, "-e", serving.stdout.readline().strip())

    # What a learner has: a copy with one changed lesson, progress, data, an ArmoniK that runs.
    installation.install(wheel_before)
    told("lab", "--version")
    changed = home / "hello-armonik" / "01_channel.ipynb"
    changed.write_text(changed.read_text("utf-8").replace("# Open a channel", "# My channel"))
    installation.run("python", "-c", RECORD, **own)
    assert "Result : 45" in told_on_own_data("run")
    using = [str(installation.bin / "python"), "-u", "-c", USE]
    with started(using, cwd=installation.bin.parent, **own) as notebook:
        assert notebook.stdout.readline() == "ready\n"
        assert "Result : 45" in told("run")
        (pid,) = re.findall(r"Process +(\d+)", told("status"))
        running = psutil.Process(int(pid))
        installation.install(wheel)
        copied = told("lab", "--version")
        assert re.search(r"yours.*: 01_channel\.ipynb\n", copied)
        assert re.search(r"updated.*\b02_session\.ipynb", copied)
        assert re.search(r"new: .*\b12_own_application\.ipynb, sheet\.html\n", copied)
        assert "# My channel" in changed.read_text("utf-8")
        kept = installation.run("python", "-c", first_cell(changed), **own)
        assert "this notebook seems to be a copy of a lesson of an earlier one." in kept.stderr
        assert re.search(r"04 Submit a task +✓ right.*Next: 05 Wait", told("progress"), re.DOTALL)
        assert re.search(r"Sessions +1 closed", told_on_own_data("status"))
        # The running one is of 0.1: it is recognised, and the next one goes on from its data.
        assert re.search(rf"Process +{pid}\b", told("status"))
        following = first_cell(home / "hello-armonik" / "05_wait.ipynb")
        done = installation.run("python", "-c", following, **own)
        assert (done.stdout, done.stderr) == ("Backend: embedded ArmoniK on this machine\n", "")
        assert "Result : 45" in told("run")
        assert re.search(r"Sessions +1 running, 2 closed", told("status"))
        assert told("stop") == "The embedded ArmoniK has been stopped.\n"
    psutil.wait_procs([running], timeout=10)
    assert not running.is_running()
    assert "Result : 45" in told("run")
    assert told("stop") == "The embedded ArmoniK has been stopped.\n"
