"""The private socket between a pod and the inside of its Python worker: frames, the worker's end.

A frame is a small JSON header and any number of binary parts:

    length of header (4 bytes) | length of all parts (8 bytes) | header | part | part | …

The header's ``parts`` lists their lengths. Everything is plain data: neither side can make the
other one run code.
"""

from __future__ import annotations

import itertools
import json
import queue
import socket
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc

PREFIX = struct.Struct(">IQ")

LIMIT = 1 << 31
"""Bytes of a frame that are taken at most; large data goes through files."""

TASK = "task"
"""Pod to worker: run this. Parts: ProcessRequest, then the data named in ``data``."""
DONE = "done"
"""Worker to pod: it ran. Parts: ProcessReply (if ``reply``), then the data named in ``data``."""
CALL = "call"
"""Worker to pod: a call of the Agent service. Part: the request message."""
ANSWER = "answer"
"""Pod to worker: the reply to a call. Part: the reply message; or ``code`` and ``details``."""
HEALTH = "health"
"""Both ways: the question, and the answer in ``status``."""
HELLO = "hello"
"""Worker to pod: I am here."""


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


class AgentError(grpc.RpcError):
    """A call that the agent refused, as gRPC would raise it."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self._code = grpc.StatusCode[code]
        self._details = details

    def code(self) -> grpc.StatusCode:
        """Return the status."""
        return self._code

    def details(self) -> str:
        """Return what the agent says of it."""
        return self._details


class Connection:
    """Sends frames, and sorts those that come: answers to their callers, the rest to `tasks`."""

    def __init__(self, path: str) -> None:
        self.tasks: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        """What the pod wants done, in order; None when it has gone."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._sending = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, queue.SimpleQueue[Frame | None]] = {}

    def send(self, frame: Frame) -> None:
        """Send a frame; frames of several threads do not mix."""
        data = frame.encode()
        with self._sending:
            self._socket.sendall(data)

    def call(self, method: str, request: bytes) -> bytes:
        """Have the pod answer a call of the Agent service; return the reply message.

        Raises:
            AgentError: it refuses, or has gone.
        """
        number = next(self._numbers)
        answers = self._waiting[number] = queue.SimpleQueue()
        try:
            self.send(Frame(CALL, {"method": method, "number": number}, [request]))
            answer = answers.get()
        finally:
            del self._waiting[number]
        if answer is None:
            raise AgentError("UNAVAILABLE", "The agent of this pod has gone")
        if "code" in answer.values:
            raise AgentError(answer.values["code"], answer.values["details"])
        return answer.parts[0]

    def follow(self) -> None:
        """Read until the pod closes the socket."""
        with self._socket.makefile("rb") as reader:
            while len(prefix := reader.read(PREFIX.size)) == PREFIX.size:
                header, body = lengths(prefix)
                frame = Frame.decode(reader.read(header), reader.read(body))
                if frame.kind != ANSWER:
                    self.tasks.put(frame)
                elif waiting := self._waiting.get(frame.values["number"]):
                    waiting.put(frame)
        self.tasks.put(None)
        for waiting in list(self._waiting.values()):
            waiting.put(None)
