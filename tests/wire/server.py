"""A gRPC server with one method of each kind, whose messages are plain bytes."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc

PATH = "/tests.v1.Echo/"


class EchoServer:
    """What it does depends on the first request. Tests wait for `ended`, and let it go on by
    `go_on`.

    b"refuse": ends with NOT_FOUND; b"hold": waits; anything else comes back, from a stream of
    responses three times.

    Attributes:
        go_on: set it, and calls that wait go on.
        handler: its methods.
        ended: set when a stream of responses is over, whoever has ended it.
    """

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/echo.sock"
        self.go_on = threading.Event()
        self.ended = threading.Event()
        kinds = {
            "One": grpc.unary_unary_rpc_method_handler(self._one),
            "Answers": grpc.unary_stream_rpc_method_handler(self._answers),
            "Sum": grpc.stream_unary_rpc_method_handler(self._sum),
            "Talk": grpc.stream_stream_rpc_method_handler(self._talk),
        }
        self.handler = grpc.method_handlers_generic_handler("tests.v1.Echo", kinds)

    def _obey(self, request: bytes, context: grpc.ServicerContext) -> None:
        if request == b"refuse":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such <thing>")
        if request == b"hold":
            self.go_on.wait(30)

    def _one(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self._obey(request, context)
        return request

    def _answers(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        context.add_callback(self.ended.set)  # before the client can end it
        yield request
        self._obey(request, context)
        yield request
        yield request

    def _sum(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        data = []
        for request in requests:
            self._obey(request, context)
            data.append(request)
        return b"".join(data)

    def _talk(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for request in requests:
            self._obey(request, context)
            yield request


class Echo:
    """The methods of a channel to it; a stub, as protobuf would make it."""

    def __init__(self, channel: grpc.Channel, **how: Any) -> None:
        self.one = channel.unary_unary(f"{PATH}One", **how)
        self.answers = channel.unary_stream(f"{PATH}Answers", **how)
        self.sum = channel.stream_unary(f"{PATH}Sum", **how)
        self.talk = channel.stream_stream(f"{PATH}Talk", **how)
