"""A learner's laptop may run Windows or macOS: Linux is needed by the embedded ArmoniK alone."""

import sys
from pathlib import Path

import pytest

from hello_helpers.embedded import EmbeddedArmonik
from tests.architecture.without_linux import LESSONS
from tests.commands import finish

pytestmark = pytest.mark.embedded_only

PROGRAM = [sys.executable, "-m", "tests.architecture.without_linux"]


def test_without_linux_the_lessons_01_to_05_and_run_are_done_at_an_endpoint(tmp_path: Path) -> None:
    with EmbeddedArmonik(port=0) as armonik:
        done = finish(
            *PROGRAM,
            cwd=Path(__file__).parents[2],
            AK_ENDPOINT=armonik.endpoint,
            HELLO_PROGRESS_DIR=str(tmp_path),
        )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:]
    assert f"{len(LESSONS)} of 14 exercises right" in done.stdout
    assert "Result : 45\nGood bye !\n" in done.stdout
    assert done.stdout.endswith("Of the embedded ArmoniK: []\n")
