"""The failure switchboard: breaks an embedded ArmoniK on purpose, for lessons and tests.

It exists only where it was asked for (``EmbeddedArmonik(switchboard=True)``, or ``serve
--switchboard PATH``), listens on a private Unix socket, and is no part of ArmoniK's API: on a real
cluster there is no such thing. One line of JSON in, one line out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from .errors import EmbeddedError

log = logging.getLogger(__name__)

ANSWER_LIMIT = 10.0
"""Seconds in which an order is carried out, or reported as failed."""

Orders = dict[str, Callable[..., Awaitable[Any]]]


class SwitchboardError(EmbeddedError):
    """An order could not be carried out."""


class Switchboard:
    """What a lesson or test holds in its hand.

    >>> armonik.switchboard.fail_next("default", text="no luck")
    """

    def __init__(self, path: Path) -> None:
        """Take the path of the switchboard's socket."""
        self._path = path

    def kill_worker(self, partition: str = "default", pod: int = 0) -> None:
        """Kill the worker process of a pod, whatever it is doing; the pod starts another one."""
        self._order("kill_worker", partition=partition, pod=pod)

    def fail_next(
        self, partition: str = "default", *, kind: str = "error", text: str = "", count: int = 1
    ) -> None:
        """Have the next tasks of a partition fail.

        Args:
            kind: "error" (final), "crash" (retried) or "hang" (times out after max_duration).
            text: what the task's output shall say.
            count: how many attempts at tasks.
        """
        self._order("fail", partition=partition, kind=kind, text=text, count=count)

    def fail_all(self, partition: str = "default", *, kind: str = "error", text: str = "") -> None:
        """Have every task of a partition fail until `repair`; see `fail_next`."""
        self._order("fail", partition=partition, kind=kind, text=text, count=None)

    def repair(self) -> None:
        """Let all tasks run again."""
        self._order("repair")

    def make_unreachable(self, seconds: float) -> None:
        """Take the control plane away for a while: calls under way break, new ones find nobody."""
        self._order("make_unreachable", seconds=seconds)

    def _order(self, name: str, **values: object) -> None:
        """Send an order and wait until it is carried out.

        Raises:
            SwitchboardError: it cannot be carried out, or nobody answers.
        """
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ANSWER_LIMIT)
                connection.connect(str(self._path))
                connection.sendall(json.dumps({"order": name, **values}).encode() + b"\n")
                answer = json.loads(connection.makefile("rb").readline())
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise SwitchboardError(
                "The switchboard is gone, and with it this embedded ArmoniK: it has ended.\n"
                "Start it again: what comes with EmbeddedArmonik(...), and all that follows it."
            ) from error
        except (OSError, ValueError) as error:
            raise SwitchboardError(f"The switchboard does not answer: {error}") from error
        if problem := answer.get("problem"):
            raise SwitchboardError(problem)


async def serve_switchboard(path: Path, orders: Orders) -> asyncio.AbstractServer:
    """Open the switchboard's socket.

    Args:
        orders: what to do for each order, by name.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply: dict[str, str] = {}
        try:
            values = json.loads(await reader.readline())
            log.warning("Switchboard: %s", values)
            await orders[values.pop("order")](**values)
        except (EmbeddedError, ValueError, KeyError, TypeError, AttributeError) as error:
            reply["problem"] = f"This order cannot be carried out: {error}"
        writer.write(json.dumps(reply).encode() + b"\n")
        writer.close()

    return await asyncio.start_unix_server(answer, str(path))
