"""Old releases to run programs with, and an embedded ArmoniK to run them against."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hello_helpers.embedded import EmbeddedArmonik
from tests.commands import finish

from .environments import make_all

PROGRAMS = Path(__file__).parent / "programs"

Run = Callable[..., Any]
"""The type of the fixture `run_program`."""


@pytest.fixture(scope="session")
def pythons(request: pytest.FixtureRequest) -> Mapping[str, Path]:
    """The interpreter of each old release; no release, no test, but a failure in CI."""
    try:
        return make_all(request.config.cache.mkdir("old_clients"))
    except subprocess.SubprocessError as error:
        told = (getattr(error, "stderr", "") or str(error))[-300:]
        reason = f"old releases of armonik cannot be installed here: {told}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def hello() -> Iterator[EmbeddedArmonik]:
    """An embedded ArmoniK with the hello worker."""
    with EmbeddedArmonik() as embedded:
        yield embedded


@pytest.fixture
def run_program() -> Run:
    """Runs a program of this folder to its end; returns the JSON object that it printed."""

    def run(python: str | Path, program: str, *arguments: str) -> Any:
        end = finish(str(python), str(PROGRAMS / program), *arguments)
        assert end.returncode == 0, end.stderr
        return json.loads(end.stdout)

    return run
