"""``hello-armonik doctor``: all is well; and each thing in turn that is not, with its remedy."""

import importlib.metadata
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hello_helpers.__main__ import main
from hello_helpers.cli import doctor, lesson_kernels
from hello_helpers.display.tables import Table
from hello_helpers.embedded import EmbeddedArmonik
from tests.unit import listeners
from tests.workers import other

pytestmark = pytest.mark.embedded_only


def told(capsys: pytest.CaptureFixture[str], status: int) -> list[str]:
    """Let the doctor look; return the lines that he says."""
    assert main(["doctor"]) == status
    return capsys.readouterr().out.splitlines()


def about(lines: Sequence[str], name: str) -> list[str]:
    """Return what is said of one thing: its line, and the remedy below it."""
    place = next(place for place, line in enumerate(lines) if line[:12].strip() == name)
    rest = lines[place + 1 :]
    return [lines[place][12:], *(line.strip() for line in rest[:1] if line.startswith(" " * 12))]


def test_all_is_well_up_to_a_hello(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://ada:secret@localhost:9")
    lines = told(capsys, 0)
    assert about(lines, "Python") == [".".join(map(str, sys.version_info[:3]))]
    assert about(lines, "kernel") == [f"is of {sys.executable}"]
    assert about(lines, "a hello")[0].startswith("20 + 22 = 42, in ")
    assert lines[-1] == "All is well."
    assert "Problem" not in "".join(lines)
    assert any("http_proxy" in line for line in lines)
    assert "secret" not in "".join(lines)


def test_for_one_of_a_class_its_server_is_looked_at_and_no_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ada.env"
    file.write_text("AK_ENDPOINT=http://localhost:1\nHELLO_LEARNER=ada\n")
    assert main(["doctor", "--class", str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert about(lines, "class")[0].startswith("Problem: ")
    assert not any(line.startswith(("ArmoniK", "a hello")) for line in lines)
    assert lines[-1] == "To mend: class"


def test_a_good_installation_is_fine_in_lesson_00_too() -> None:
    assert str(doctor.check_installation()) == "All that is needed is here."


def test_a_package_that_is_missing_or_too_old_gets_a_remedy_and_nothing_else_is_tried(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "armonik":
            raise importlib.metadata.PackageNotFoundError
        return "1.60.0" if name == "grpcio" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    lines = told(capsys, 1)
    for name, problem in (("armonik", "Problem: missing"), ("grpcio", "Problem: 1.60.0")):
        assert about(lines, name)[0] == problem
        assert "is needed. Install it as the README says" in about(lines, name)[1]
    assert lines[-1] == "To mend: armonik, grpcio"
    assert not [line for line in lines if line.startswith("a hello")]
    shown = doctor.check_installation()
    assert isinstance(shown, Table)
    assert shown.caption == "To mend: armonik, grpcio"
    assert [row[1:] for row in shown.rows if row[0] == "armonik"] == [
        ("missing", about(lines, "armonik")[1])
    ]


@pytest.mark.parametrize(
    ("version", "bounds", "is_fine"),
    [
        ("3.29.4", ">=3.29.2,<4", True),
        ("3.29.1", ">=3.29.2,<4", False),
        ("4.0", ">=3.29.2,<4", False),
        ("8.1.10", ">=8.1.5,<9", True),
        ("4.0rc1", ">=4", False),
        ("4.0rc1", ">=3,<4", False),
        ("4.1rc1", ">=4", True),
        ("4.0.post1", ">=4.0", True),
        ("3.29.3", ">=3.29.2,!=3.29.3", False),
        ("3.29.3", "==3.29.3", True),
        ("3.29.4", "==3.29.3", False),
        ("3.29.4", "==3.29.*", True),
        ("3.30", "~=3.29.2", False),
        ("3.29.9", "~=3.29.2", True),
        ("no version", ">=1", False),
        ("1", "", True),
        ("", "", False),
    ],
)
def test_versions_are_compared_as_pip_compares_them(
    version: str, bounds: str, is_fine: bool
) -> None:
    found = doctor._within("armonik", version, bounds)
    assert found.is_bad is not is_fine
    assert bool(found.remedy) is not is_fine


def test_a_package_that_is_there_but_broken_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hello_helpers.connect.probe", None)  # its import fails now
    problem, remedy = about(told(capsys, 1), "ArmoniK")
    assert "hello_helpers.connect.probe" in problem
    assert remedy == doctor.INSTALL_AGAIN


@pytest.mark.parametrize(
    ("python", "problem"),
    [
        (["/nosuch/python"], "does not start: [Errno 2] No such file or directory"),
        ([sys.executable, "-S"], "cannot load the course: ModuleNotFoundError: No module named"),
    ],
)
def test_a_kernel_that_would_not_do_says_why(
    monkeypatch: pytest.MonkeyPatch, python: list[str], problem: str
) -> None:
    argv = [*python, "-m", "ipykernel_launcher"]
    monkeypatch.setattr(lesson_kernels, "get_kernel_dict", lambda *_: {"argv": argv})
    found = doctor._attempt("kernel", doctor._kernel)
    assert problem in found.says
    assert (found.is_bad, found.remedy) == (True, doctor.INSTALL_AGAIN)


def test_what_does_not_work_is_told_and_the_rest_is_looked_at(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda: [str(tmp_path)])
    monkeypatch.setenv("HELLO_PROGRESS_DIR", str(tmp_path / "file"))
    monkeypatch.setenv("HELLO_PARTITION", "gpu")
    lines = told(capsys, 1)
    assert about(lines, "widgets")[0].startswith("Problem: JupyterLab has nothing that draws")
    assert "progress.json cannot be read" in about(lines, "progress")[0]
    assert "HELLO_PROGRESS_DIR" in about(lines, "progress")[1]
    problem = "Problem: Partition was not found: 'gpu'. These exist: default."
    assert about(lines, "a hello") == [problem]
    assert lines[-1] == "To mend: widgets, progress, a hello"


def test_an_endpoint_where_nobody_listens_is_told_and_no_hello_is_tried(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = listeners.closed_port()
    monkeypatch.setenv("AK_ENDPOINT", f"localhost:{port}")
    lines = told(capsys, 1)
    assert f"{'set':<12}AK_ENDPOINT=localhost:{port}" in lines
    assert about(lines, "ArmoniK")[0] == f"Problem: Nothing listens at localhost:{port}."
    assert lines[-1] == "To mend: ArmoniK"


def test_a_worker_that_does_something_else_is_noticed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedArmonik({"default": other.command('{"value": 1}')}, pods=1) as armonik:
        monkeypatch.setenv("AK_ENDPOINT", armonik.endpoint)
        problem, remedy = about(told(capsys, 1), "a hello")
    assert problem == "Problem: 20 + 22 came back as 1: that is not the hello worker."
    assert "HELLO_PARTITION" in remedy
