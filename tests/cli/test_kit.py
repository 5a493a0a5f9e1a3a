"""``hello-armonik kit``: what it collects, what it refuses, and what the installer on it says."""

import ensurepip
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hello_helpers.__main__ import main
from hello_helpers.cli import kit
from hello_helpers.cli.kit import THIS_PYTHON
from hello_helpers.cli.laptops import SYSTEMS, Laptop
from hello_helpers.cli.wheels import KitError, Package, look_through, pip
from tests.commands import CLI, finish

ROOT = Path(__file__).parents[2]

BUNDLED = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
"""Where a Python keeps the wheel of its pip; the second one is Debian's."""

INSTALLER = Path(kit.__file__).parent / "kit_files" / "install.py"

WINDOWS, LINUX = (Laptop(SYSTEMS[name], "3.12") for name in ("windows", "linux"))

LOOPBACK = "import fcntl, os, socket, struct, sys;" + (
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 1));"  # SIOCSIFFLAGS, IFF_UP
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Where there is no network, it makes 127.0.0.1 work, and becomes another program."""


def wheel(folder: Path, name: str, version: str, *needs: str, tag: str = "py3-none-any") -> Path:
    """Write a wheel with one module; that of the course has a command."""
    module = name.replace("-", "_")
    about = f"{module}-{version}.dist-info"
    texts = {
        f"{module}.py": f"def main():\n    print('This is {name} {version}')\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{about}/entry_points.txt": f"[console_scripts]\n{name}={module}:main\n",
    }
    record = "".join(f"{path},,\n" for path in [*texts, f"{about}/RECORD"])
    path = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in {**texts, f"{about}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(inside), text)  # without a time: the same each time
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the whole world; the course's own wheel is made there."""
    bundled = [path for folder in BUNDLED for path in folder.glob("pip-*.whl")]
    if not bundled:
        pytest.skip("this Python has no wheel of pip (Debian: apt-get install python3-venv)")
    folder = tmp_path / "index"
    for made in (folder, tmp_path / "ours"):
        made.mkdir()
    shutil.copy(bundled[0], folder)
    ours = wheel(
        tmp_path / "ours",
        "hello-armonik",
        "0.2.0",
        "numbers-of-it>=1",
        "for-windows; os_name == 'nt'",
        f"for-older; python_version < '{THIS_PYTHON}'",
    )
    wheel(folder, "numbers-of-it", "1.0")
    wheel(folder, "for-windows", "2.0")
    monkeypatch.setattr(kit, "_own_wheel", lambda _: ours)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """A function that gives the command and returns what it complains of."""

    def refuse(*arguments: object) -> str:
        assert main(["kit", *map(str, arguments)]) == 1
        return capsys.readouterr().err

    return refuse


# -- what a laptop needs


def looked_through(packages: Sequence[Package], laptop: Laptop) -> tuple[set[str], list[str]]:
    course, *others = packages
    assert course.name == "hello-armonik"
    known = {package.name: package for package in (course, *others, Package("pip", "26", ""))}
    needed, lacking = look_through(known, laptop)
    return needed - {"hello-armonik", "pip"}, lacking


def test_what_pip_chose_for_this_machine_alone_is_left_out_and_what_it_missed_is_asked_for() -> (
    None
):
    course = Package("hello-armonik", "1", "", ("terminals",))
    terminals = Package(
        "terminals", "2", "", ("pty; os_name != 'nt'", "winpty>=2; os_name == 'nt'")
    )
    packages = [course, terminals, Package("pty", "1", "")]
    assert looked_through(packages, LINUX) == ({"terminals", "pty"}, [])
    assert looked_through(packages, WINDOWS) == ({"terminals"}, ["winpty>=2"])


def test_extras_and_what_they_need_count() -> None:
    course = Package("hello-armonik", "1", "", ("a[fast]", "b"))
    packages = [course, Package("a", "1", "", ("quick; extra == 'fast'", "test; extra == 'dev'"))]
    packages.append(Package("b", "1", "", ("a",)))
    assert looked_through(packages, LINUX) == ({"a", "b"}, ["quick"])


def test_a_version_that_does_not_do_is_asked_for_again() -> None:
    course = Package("hello-armonik", "1", "", ("a<2", "b"))
    packages = [course, Package("a", "2.1", ""), Package("b", "3", "", (), ">=3.13")]
    assert looked_through(packages, LINUX) == (set(), ["b!=3", "a<2"])


# -- a kit


def kit_of(stick: Path) -> dict[str, str]:
    """Return what a kit consists of, with a digest of each file."""
    files = [path for path in stick.rglob("*") if path.is_file()]
    return {
        path.relative_to(stick).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.usefixtures("index")
def test_a_kit_is_collected_mended_and_installed_without_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], refused: Refused
) -> None:
    stick, system = tmp_path / "a stick", kit._this_system()
    command = ["kit", str(stick), "--python", THIS_PYTHON, "--system"]
    assert main([*command, "windows"]) == 0
    told = capsys.readouterr().out
    assert "windows-amd64" in told
    assert "4 wheels," in told
    assert "4 of the wheels are new." in told
    assert (stick / "wheels" / "for_windows-2.0-py3-none-any.whl").exists()
    assert f"Python {THIS_PYTHON}</strong>" in (stick / "instructions.html").read_text()

    (stick / "wheels" / "numbers_of_it-1.0-py3-none-any.whl").write_bytes(b"half of it")
    assert "missing or damaged: numbers-of-it==1.0." in refused(stick, "--check")

    assert main([*command, system]) == 0
    assert "1 of the wheels are new." in capsys.readouterr().out
    assert not (stick / "wheels" / "for_windows-2.0-py3-none-any.whl").exists()
    whole = kit_of(stick)
    assert main(["kit", str(stick), "--check"]) == 0
    assert "all hashes are right" in capsys.readouterr().out

    folder = tmp_path / "it is installed"
    done = finish("sh", str(stick / "install.sh"), str(folder), PIP_FIND_LINKS="/nowhere")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'To begin:  "{folder}/bin/hello-armonik" lab' in done.stdout
    assert finish(str(folder / "bin/hello-armonik")).stdout == "This is hello-armonik 0.2.0\n"
    assert kit_of(stick) == whole


def test_what_cannot_be_had_is_told_and_for_which_laptop(
    index: Path, tmp_path: Path, refused: Refused
) -> None:
    (index / "for_windows-2.0-py3-none-any.whl").unlink()
    told = refused(tmp_path / "stick", "--system", "windows")
    assert f"pip cannot get the wheels for Python {THIS_PYTHON} on Windows:" in told
    assert "No matching distribution found for for-windows" in told


def test_without_network_a_kit_is_not_made_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(KitError, match=r"no package index is reached \(.*Connection refused\)"):
        pip(["download", "--index-url=http://127.0.0.1:9", "--retries=0", "six"], "for a laptop")


# -- what is refused


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "holiday.jpg").write_text("")
    told = refused(tmp_path)
    assert "holds other files" in told
    assert str(tmp_path / "kit") in told
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
    assert "cannot be read or written" in refused(tmp_path / "holiday.jpg" / "kit")


@pytest.mark.parametrize(
    ("version", "words"),
    [("311", "is no version of Python"), ("3.9", "The course needs Python >=3.10")],
)
def test_a_python_that_is_none_or_too_old_is_refused(
    version: str, words: str, tmp_path: Path, refused: Refused
) -> None:
    assert words in refused(tmp_path, "--python", version)


def test_nothing_is_checked_where_no_kit_is(tmp_path: Path, refused: Refused) -> None:
    assert "There is no kit in" in refused(tmp_path, "--check")


def test_without_a_clone_there_is_nothing_to_make_a_kit_of(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "PROJECT", tmp_path)
    assert "A kit is made from a clone of the repository" in refused(tmp_path / "kit")


# -- the installer on a laptop that the kit is not for


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ([], f"This kit has nothing for {platform.system()} on {platform.machine()}."),
        (["3.99", "3.100"], "This kit is for Python 3.100 or 3.99; this machine has"),
    ],
)
def test_the_installer_says_what_the_kit_is_for(
    listed: Sequence[str], words: str, tmp_path: Path
) -> None:
    shutil.copy(INSTALLER, tmp_path)
    (tmp_path / "requirements").mkdir()
    for version in listed:
        name = f"{platform.system()}-{platform.machine()}-{version}.txt".lower()
        (tmp_path / "requirements" / name).write_text("")
    done = finish(sys.executable, str(tmp_path / "install.py"), str(tmp_path / "venv"))
    assert done.returncode == 1
    assert words in done.stdout
    assert done.stderr == ""
    assert not (tmp_path / "venv").exists()


# -- the real thing


def another_python() -> tuple[str, str]:
    """Return version and path of a Python beside that of the tests; skip if there is none."""
    for version in ("3.13", "3.12", "3.11", "3.10"):
        beside = Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python{version}")  # pyenv
        for path in [*map(str, beside), shutil.which(f"python{version}")]:
            if version != THIS_PYTHON and path and not finish(path, "-c", "import venv").returncode:
                return version, path
    pytest.skip("no other Python on this machine")


def offline(home: Path, *words: str, seconds: float = 300) -> str:
    """Run a program where there is no network; return what it says."""
    alone = ("unshare", "--map-root-user", "--net", sys.executable, "-c", LOOPBACK)
    own = {"HOME": str(home), "HELLO_ARMONIK_DIR": str(home / "a"), "PATH": "/usr/bin:/bin"}
    done = finish(*alone, *words, cwd=home, timeout=seconds, **own)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.embedded_only
@pytest.mark.timeout(1500)
def test_in_a_room_without_network_two_pythons_install_the_kit_and_do_a_lesson() -> None:
    if finish("unshare", "--map-root-user", "--net", "true").returncode:
        pytest.skip("no network can be taken away here")
    version, other = another_python()
    with tempfile.TemporaryDirectory(prefix="ha-kit-") as name:
        stick = Path(name) / "stick"
        command = ["kit", str(stick), "--python", THIS_PYTHON, version, "--system", "linux"]
        made = finish(*CLI, *command, "windows", "macos", timeout=1200)
        assert made.returncode == 0, made.stderr
        for python in (sys.executable, other):
            home = Path(name) / Path(python).name
            home.mkdir()
            told = offline(home, python, str(stick / "install.py"))
            assert f"To begin:  {home}/hello-armonik-venv/bin/hello-armonik lab" in told
            programs = home / "hello-armonik-venv" / "bin"
            assert "No broken requirements" in offline(
                home, f"{programs}/python", "-m", "pip", "check"
            )
            assert "Result : 45" in offline(home, f"{programs}/hello-armonik", "run")
            offline(home, f"{programs}/hello-armonik", "lab", "--version")  # makes the copy
            lesson = str(home / "hello-armonik" / "04_submit.ipynb")
            offline(home, f"{programs}/jupyter", "execute", "--inplace", lesson)
            assert "COMPLETED" in Path(lesson).read_text("utf-8")
            assert "has been stopped" in offline(home, f"{programs}/hello-armonik", "stop")
