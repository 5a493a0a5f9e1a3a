"""A client that makes a call again as long as nobody answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import grpc

from tests.conformance.driver import ArmoniK

T = TypeVar("T")

PATIENCE = 60.0  # seconds that a call is tried again


class Persistent:
    """A client of an endpoint that comes and goes.

    Attributes:
        armonik: as it is connected now.
        broken_calls: how many calls nobody has answered.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self.armonik = ArmoniK(endpoint, "default")
        self.broken_calls = 0

    def close(self) -> None:
        self.armonik.close()

    def call(self, call: Callable[[ArmoniK], T]) -> T:
        """Make a call; as long as nobody answers, make it again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return call(self.armonik)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                    raise
                self.reconnect()

    def reconnect(self) -> None:
        """A call has broken: a new channel. An old one would wait longer and longer."""
        self.broken_calls += 1
        self.armonik.close()
        time.sleep(0.1)
        self.armonik = ArmoniK(self._endpoint, "default")
