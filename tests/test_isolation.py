"""A test run that leaves something behind fails, and says what, and by whom."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import finish

SOON = "from tests import isolation\nisolation.SECONDS_TO_END = 0.3\n"

TIDY = """
import os, subprocess, sys

def test_tidy(tmp_path):
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert "http_proxy" not in os.environ
    for name in ("HELLO_ARMONIK_DIR", "HELLO_PROGRESS_DIR"):
        assert os.environ[name].startswith(os.environ["HELLO_ARMONIK_TEST_RUN"])
"""

UNTIDY = """
import os, socket, subprocess, sys, tempfile

def test_of_an_orphan():
    orphan = "import time; time.sleep(60)"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '{orphan}'])"
    subprocess.run([sys.executable, "-c", start], check=True)

def test_of_a_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "left.sock"))

def test_of_a_temporary_file():
    tempfile.mkdtemp(prefix="forgotten-")
"""


def run(folder: Path, tests: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run `tests` in a pytest of their own, isolated as this one is."""
    (folder / "conftest.py").write_text(SOON)
    (folder / "test_inner.py").write_text(tests)
    temporary = folder / "tmp"
    temporary.mkdir()
    try:
        return finish(
            *(sys.executable, "-m", "pytest", "-p", "tests.isolation", "-o", f"pythonpath={root}"),
            cwd=folder,
            TMPDIR=str(temporary),
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",  # none of them is needed, and they load slowly
        )
    finally:
        shutil.rmtree(temporary)  # what an untidy run leaves must not count for this one too


def test_a_tidy_run_passes_whatever_the_terminal_says(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    done = run(tmp_path, TIDY, root)
    assert done.returncode == 0, done.stdout


def test_an_untidy_run_fails_with_a_list(tmp_path: Path, root: Path) -> None:
    done = run(tmp_path, UNTIDY, root)
    assert done.returncode == 1
    assert "3 passed, 1 error" in done.stdout
    assert "started by test_inner.py::test_of_an_orphan (call)" in done.stdout
    assert "left.sock" in done.stdout
    assert "forgotten-" in done.stdout
