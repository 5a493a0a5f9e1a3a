"""Fixtures for all tests. What isolates a run from this machine is in tests/isolation.py."""

import signal
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background without Ctrl-C; the tests of it need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup does
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

ROOT = Path(__file__).parent.parent

LONG = (
    "browser/test_lessons.py",
    "lessons/test_learner_path.py",
    "embedded/test_durability.py",
    "test_wheel.py",
    "embedded/test_machine.py",
    "old_clients/test_clients.py",
    "embedded/test_scale.py",
    "soak/test_soak.py",
    "lessons/test_stop_and_go_on.py",
    "embedded/test_shared.py",
    "lessons/test_second_endpoint.py",
    "embedded/test_worker_failures.py",
    "embedded/test_security.py",
    "lab/test_lab_command.py",
    "embedded/test_disk.py",
)
"""Files that take longest. They come first: no process shall have one left when others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of `LONG` first."""
    first = {ROOT / "tests" / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: first.get(item.path, len(first)))


class OneBrowser(LoadFileScheduling):
    """With ``--dist loadfile``, the browser tests share a process: each start takes 12 seconds."""

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return "browser" if scope.startswith("tests/browser/") else scope


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneBrowser | None:
    """Take that one."""
    return OneBrowser(config, log) if config.option.dist == "loadfile" else None


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the clone."""
    return ROOT
