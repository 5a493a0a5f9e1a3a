"""The worker's end of the private socket: one thread reads, every thread may call."""

from __future__ import annotations

import itertools
import queue
import socket
import threading

import grpc

from .frames import ANSWER, CALL, PREFIX, Frame, lengths


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
