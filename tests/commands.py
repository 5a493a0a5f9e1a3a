"""Programs as a person starts or pastes them: run to their end, or until a test ends them."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CLI = [sys.executable, "-m", "hello_helpers"]
"""The command ``hello-armonik``."""

HELLO_WORKER = [sys.executable, "-m", "hello_helpers.worker"]

SILENT_WORKER = [sys.executable, "-c", "import time; time.sleep(600)"]
"""A worker that never gets ready, so that a task waits."""

SECONDS_TO_END = 60
"""No program of the tests takes longer, on a busy machine neither."""


def finish(
    *words: str, cwd: Path | None = None, timeout: float = SECONDS_TO_END, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with nobody at the keyboard; whether it went well is not asked.

    Args:
        words: the program and its arguments.
        cwd: where to run it.
        timeout: seconds that it may take.
        variables: what its environment has besides that of the tests.
    """
    return subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env={**os.environ, **variables},
    )


def hello_armonik(
    *arguments: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run ``hello-armonik`` with arguments to its end, see `finish`."""
    return finish(*CLI, *arguments, cwd=cwd, **variables)


def python(
    code: str, *arguments: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program that is given as text to its end, see `finish`."""
    return finish(sys.executable, "-c", code, *arguments, cwd=cwd, **variables)


def pasted(code: str) -> str:
    """Run code as if it were pasted into Python; return what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "pasted", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def complaint(done: subprocess.CompletedProcess[str], status: int = 1) -> str:
    """Return what a program says that has failed with this status, and shows no traceback."""
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@contextlib.contextmanager
def started(
    words: Sequence[str], cwd: Path | None = None, stderr: Path | None = None, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a program whose output and errors can be read; end it after the block, if need be.

    Args:
        stderr: a file for its errors: a pipe that nobody reads is full one day.
    """
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(stderr.open("w")) if stderr else subprocess.PIPE
        yield from _started(words, cwd, errors, variables)


def _started(
    words: Sequence[str], cwd: Path | None, errors: Any, variables: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,  # a signal of the test hits it alone
        cwd=cwd,
        env={**os.environ, **variables},
    )
    with process:  # which closes its pipes and waits
        try:
            yield process
        finally:
            process.terminate()
