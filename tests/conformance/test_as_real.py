"""The conformance suite itself: it expects no more than a real ArmoniK gives."""

import contextlib
import shlex
import sys

import pytest

from tests.commands import finish, started

from .driver import SCRIPTED, ArmoniK

AS_REAL = [sys.executable, "-m", "tests.conformance.as_real", "serve", "--with-stdin"]

SUITE = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance"]
SUITE += ["-m", "not slow and not embedded_only"]


@pytest.mark.embedded_only
@pytest.mark.timeout(300)
def test_the_suite_bears_whatever_a_real_armonik_may_do():
    with started([*AS_REAL, "--partition", f"default={shlex.join(SCRIPTED)}"]) as process:
        endpoint = process.stdout.readline().strip()
        with contextlib.closing(ArmoniK(endpoint, "default")) as armonik:
            assert not armonik.embedded
        run = finish(*SUITE, "--endpoint", endpoint, timeout=280)
    assert run.returncode == 0, run.stdout
