"""The endpoint under test, and what each test gets of it.

    pytest tests/conformance                                            an embedded ArmoniK
    pytest tests/conformance --endpoint URL [--partition NAME]          any other

On another endpoint, the partition must run `tests/workers/scripted.py`; tests marked
`embedded_only` are skipped there (they kill workers, need a partition with exactly one pod, share
files with a worker, or expect what a user would where the real ArmoniK has a known defect).
For TLS, Grpc__CaCert, Grpc__ClientCert and Grpc__ClientKey name the files.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .driver import SCRIPTED, ArmoniK, long_road

# The embedded ArmoniK reaches a Python worker by a short road of its own, and any other program by
# the Worker protocol over gRPC, as in a real pod. A worker must not see a difference.
ROADS = {"default": SCRIPTED, "long-road": long_road(SCRIPTED)}


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "statement(n): shows statement n of the checklist",
        "both_roads: is run with both ways between agent and worker that the embedded one has",
    ):
        config.addinivalue_line("markers", marker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked `both_roads` a second time, with workers behind the long road."""
    if metafunc.config.getoption("--endpoint") or not any(
        metafunc.definition.iter_markers("both_roads")
    ):
        return
    for fixture in ("armonik", "single"):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, list(ROADS), indirect=True, scope="session")


@contextlib.contextmanager
def embedded_armonik(pods: int) -> Iterator[dict[str, ArmoniK]]:
    """A private embedded ArmoniK with a partition of scripted workers for each road."""
    from hello_helpers.embedded import EmbeddedArmonik

    with EmbeddedArmonik(partitions=ROADS, pods=pods) as embedded, contextlib.ExitStack() as stack:
        yield {
            partition: stack.enter_context(
                contextlib.closing(ArmoniK(embedded.endpoint, partition))
            )
            for partition in ROADS
        }


@pytest.fixture(scope="session")
def two_pods() -> Iterator[dict[str, ArmoniK]]:
    with embedded_armonik(pods=2) as partitions:
        yield partitions


@pytest.fixture(scope="session")
def one_pod() -> Iterator[dict[str, ArmoniK]]:
    with embedded_armonik(pods=1) as partitions:
        yield partitions


@pytest.fixture(scope="session")
def armonik(request: pytest.FixtureRequest) -> Iterator[ArmoniK]:
    """The endpoint under test, with scripted workers behind it: two of them if it is embedded."""
    endpoint = request.config.getoption("--endpoint")
    if endpoint is None:
        yield request.getfixturevalue("two_pods")[getattr(request, "param", "default")]
    else:
        partition = request.config.getoption("--partition") or "default"
        with contextlib.closing(ArmoniK(endpoint, partition)) as armonik:
            yield armonik


@pytest.fixture(scope="session")
def single(request: pytest.FixtureRequest, one_pod: dict[str, ArmoniK]) -> ArmoniK:
    """An embedded ArmoniK with exactly one worker, so that a second task has to queue."""
    return one_pod[getattr(request, "param", "default")]


@pytest.fixture
def new_session(armonik: ArmoniK) -> Iterator[Callable[..., str]]:
    """Makes sessions as ArmoniK.create_session does, and forgets them after the test."""
    yield from _sessions(armonik)


@pytest.fixture
def session(new_session: Callable[..., str]) -> str:
    """A new session on the endpoint under test."""
    return new_session()


@pytest.fixture
def single_session(single: ArmoniK) -> Iterator[str]:
    """A new session on the embedded ArmoniK that has one worker."""
    session_id = single.create_session()
    yield session_id
    single.forget(session_id)


def _sessions(armonik: ArmoniK) -> Iterator[Callable[..., str]]:
    made: list[str] = []

    def make(*arguments: Any, **options: Any) -> str:
        made.append(armonik.create_session(*arguments, **options))
        return made[-1]

    yield make
    for session_id in made:
        armonik.forget(session_id)
