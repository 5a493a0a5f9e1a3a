"""Frames on the private socket between a pod and the inside of its Python worker.

A frame is a small JSON header and any number of binary parts:

    length of header (4 bytes) | length of all parts (8 bytes) | header | part | part | …

The header's ``parts`` lists their lengths. Everything is plain data: neither side can make the
other one run code.
"""

from __future__ import annotations

import json
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
