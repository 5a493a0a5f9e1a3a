"""Ours beside the raw limit: the same deed with a client of either."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from hello_helpers.embedded import HELLO_WORKER
from tests.conformance.driver import long_road

from . import hello, raw_client
from .measuring import Contender, Sample
from .plan import OURS, RAW

Deed = Callable[[hello.Hello], Sample]
"""Does something with a client, ours or the raw one."""


def run_with(client: Callable[[], AbstractContextManager[hello.Hello]], deed: Deed) -> Sample:
    """Open a client and do something with it."""
    with client() as opened:
        return deed(opened)


def both(deed: Deed, workers: int = 0, *, by_grpc: bool = False) -> list[Contender]:
    """Return ours and the raw limit.

    Args:
        workers: processes to which the tasks of the raw limit go, and back; ours has two.
        by_grpc: the workers, ours too, could be any program: they are called over gRPC.
    """
    worker = long_road([*HELLO_WORKER]) if by_grpc else HELLO_WORKER
    return [
        Contender(OURS, lambda: run_with(lambda: hello.client(worker=worker), deed)),
        Contender(RAW, lambda: run_with(lambda: raw_client.client(workers, by_grpc=by_grpc), deed)),
    ]
