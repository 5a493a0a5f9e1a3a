"""The state of a channel's connection: IDLE until the first call, then READY."""

from __future__ import annotations

import threading
from typing import Any

import grpc

ANSWER_SECONDS = 2.0
"""gRPC tells the first state from a thread of its own, within a fraction of a second."""


class Connection:
    """Follows the state of a channel's connection; it does not make the channel connect.

    The states are gRPC's: IDLE, CONNECTING, READY, TRANSIENT_FAILURE, SHUTDOWN.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._states: list[str] = []
        self._news = threading.Condition()
        channel.subscribe(self._note)

    @property
    def state(self) -> str:
        """The present state."""
        with self._news:
            self._news.wait_for(lambda: self._states, ANSWER_SECONDS)
            return self._states[-1] if self._states else "UNKNOWN"

    def until(self, state: str, timeout: float = ANSWER_SECONDS) -> str:
        """Wait for a state, `timeout` seconds at most; return the present one, and stop following.

        gRPC looks at a connection five times a second, so the news of it come a little late.
        """
        with self._news:
            self._news.wait_for(lambda: state in self._states, timeout)
        self._channel.unsubscribe(self._note)
        return self.state

    def _note(self, connectivity: Any) -> None:
        with self._news:
            self._states.append(connectivity.name)
            self._news.notify_all()
