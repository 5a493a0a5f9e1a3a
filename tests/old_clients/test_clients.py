"""Clients of old releases take their tasks through the whole life, and so does today's.

The script of the original page runs with the releases of its day, and with no later one.
"""

import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import pytest
from armonik.common import ResultStatus, SessionStatus, TaskStatus

from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.messages import Payload, Result
from tests.commands import finish

from .conftest import PROGRAMS, Run

pytestmark = [pytest.mark.old_clients, pytest.mark.embedded_only, pytest.mark.timeout(300)]

NUMBERS = list(range(300))  # more than the hello worker adds in one task: it makes subtasks
PAYLOAD = Payload(NUMBERS, subtask_threshold=100).serialize().decode()
SUM = Result(sum(NUMBERS)).serialize().decode()


@pytest.mark.parametrize("version", ["3.12.0", "3.15.1", "3.19.0"])
def test_a_client_of_the_submitter_service_works_as_in_its_day(
    version: str, pythons: Mapping[str, Path], hello: EmbeddedArmonik, run_program: Run
):
    seen = run_program(pythons[version], "submitter.py", hello.endpoint, PAYLOAD)
    (complaint,) = seen.pop("bad availability")
    assert "does not understand" in complaint
    assert seen == {
        "version": version,
        "chunk": 2 << 20,
        "nothing submitted": [[], []],
        # two tasks that succeed
        "errors": [],
        "outputs in order": True,
        "failures": [[], []],
        "data": [SUM, SUM],
        "counts": [[TaskStatus.COMPLETED, 2]],
        "statuses": [TaskStatus.COMPLETED] * 2,
        "task": TaskStatus.COMPLETED,
        # one that fails
        "bad data": "Task in error",
        "bad counts": [[TaskStatus.ERROR, 1]],
        "all over": True,
        "stopped": True,
        # one that waits, and is cancelled
        "waiting data": None,
        "waiting status": (
            "12 is not a valid TaskStatus"  # the library knew no PENDING then
            if version == "3.12.0"
            else TaskStatus.PENDING
        ),
        "open": True,
        "failed": True,
        "cancelled": TaskStatus.CANCELLED,
        "cancelled counts": [[TaskStatus.CANCELLED, 1]],
        "cancelled availability": 1,
        "kept": SUM,
    }


@pytest.mark.parametrize("version", ["3.19.0", "today"])
def test_a_client_of_the_newer_services_works(
    version: str, request: pytest.FixtureRequest, hello: EmbeddedArmonik, run_program: Run
):
    if version == "today":
        python, version = Path(sys.executable), metadata.version("armonik")
    else:
        python = request.getfixturevalue("pythons")[version]
    seen = run_program(python, "services.py", hello.endpoint, PAYLOAD)
    assert seen.pop("core")
    assert seen == {
        "version": version,
        "health": ["database", "object", "queue"],
        "partitions": ["default"],
        "session": SessionStatus.RUNNING,
        "data": SUM,
        "result": ResultStatus.COMPLETED,
        "waiting": TaskStatus.PENDING,
        "listed": True,
        "sessions": True,
        "cancelled": SessionStatus.CANCELLED,
        "cancelled task": TaskStatus.CANCELLED,
        "cancelled result": ResultStatus.ABORTED,
        "counted": True,
    }


def run_original_page(python: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    script = PROGRAMS / "original_page.txt"
    return finish(str(python), str(script), "-e", endpoint, "-p", "default")


@pytest.mark.parametrize("version", ["3.12.0", "3.15.1"])
def test_the_original_page_says_hello_with_a_release_of_its_day(
    version: str, pythons: Mapping[str, Path], hello: EmbeddedArmonik
) -> None:
    end = run_original_page(pythons[version], hello.endpoint)
    assert end.returncode == 0, end.stderr
    assert end.stdout.splitlines()[2:] == ["Main tasks have been sent", "Result : 45", "Good bye !"]


def test_the_original_page_does_not_start_with_a_later_one(
    pythons: Mapping[str, Path], hello: EmbeddedArmonik
) -> None:
    end = run_original_page(pythons["3.19.0"], hello.endpoint)
    assert end.returncode == 1
    assert "cannot import name 'ArmoniKResult'" in end.stderr
