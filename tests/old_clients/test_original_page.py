"""The script of the original page runs with the releases of its day, and with no later one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from hello_helpers.embedded import EmbeddedArmonik
from tests.commands import finish

from .conftest import PROGRAMS

pytestmark = [pytest.mark.old_clients, pytest.mark.embedded_only, pytest.mark.timeout(300)]

SCRIPT = PROGRAMS / "original_page.txt"


def run(python: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    return finish(str(python), str(SCRIPT), "-e", endpoint, "-p", "default")


@pytest.mark.parametrize("version", ["3.12.0", "3.15.1"])
def test_it_says_hello_with_a_release_of_its_day(
    version: str, pythons: Mapping[str, Path], hello: EmbeddedArmonik
) -> None:
    end = run(pythons[version], hello.endpoint)
    assert end.returncode == 0, end.stderr
    assert end.stdout.splitlines()[2:] == ["Main tasks have been sent", "Result : 45", "Good bye !"]


def test_it_does_not_start_with_a_later_one(
    pythons: Mapping[str, Path], hello: EmbeddedArmonik
) -> None:
    end = run(pythons["3.19.0"], hello.endpoint)
    assert end.returncode == 1
    assert "cannot import name 'ArmoniKResult'" in end.stderr
