"""The private socket between a pod and the inside of its Python worker: frames, the worker's end.

A frame is a small JSON header and any number of binary parts:

    length of header (4 bytes) | length of all parts (8 bytes) | header | part | part | …

The header's ``parts`` lists their lengths. Everything is plain data: neither side can make the
other one run code.
"""

from __future__ import annotations

import json
import queue
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PREFIX = struct.Struct(">IQ")

LIMIT = 1 << 31
"""Bytes of a frame that are taken at most; large data goes through files."""

TASK = "task"
"""Pod to worker: run this. Parts: ProcessRequest, then the data named in ``data``."""
DONE = "done"
"""Worker to pod: it ran. Parts: ProcessReply, then the data named in ``data``; or ``failure``, the
code and details that gRPC would have told."""
HEALTH = "health"
"""Both ways: the question, and the answer in ``status``."""


@dataclass(frozen=True)
class Frame:
    """One message: what it is, plain values, and binary parts."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    parts: Sequence[bytes] = ()

    def encode(self) -> bytes:
        """Return the bytes of the frame."""
        lengths = [len(part) for part in self.parts]
        header = json.dumps({"kind": self.kind, "parts": lengths, **self.values}).encode()
        return b"".join((PREFIX.pack(len(header), sum(lengths)), header, *self.parts))

    @classmethod
    def decode(cls, header: bytes, body: bytes) -> Frame:
        """Read header and parts.

        Raises:
            ValueError: that is no frame.
        """
        values = json.loads(header)
        parts, start = [], 0
        for length in values.pop("parts"):
            parts.append(body[start : start + length])
            start += length
        return cls(values.pop("kind"), values, parts)


def lengths(prefix: bytes) -> tuple[int, int]:
    """Return the lengths of header and body that a prefix announces.

    Raises:
        ValueError: the frame would be too large.
    """
    header, body = PREFIX.unpack(prefix)
    if header + body > LIMIT:
        raise ValueError(f"A frame of {header + body} bytes is too large")
    return header, body


class Connection:
    """Sends frames, and queues those that come."""

    def __init__(self, path: str) -> None:
        self.tasks: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        """What the pod wants done, in order; None when it has gone."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)

    def send(self, frame: Frame) -> None:
        """Send a frame."""
        self._socket.sendall(frame.encode())

    def follow(self) -> None:
        """Read until the pod closes the socket."""
        with self._socket.makefile("rb") as reader:
            while len(prefix := reader.read(PREFIX.size)) == PREFIX.size:
                header, body = lengths(prefix)
                self.tasks.put(Frame.decode(reader.read(header), reader.read(body)))
        self.tasks.put(None)
