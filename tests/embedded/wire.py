"""Every method of ArmoniK's public API, as gRPC sees it: a name, and bytes in and out."""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from armonik.protogen import client
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

ENDLESS = ("GetEvents", "WaitForAvailability", "WaitForCompletion")
"""Methods that may wait for ever, by their nature."""


@dataclass(frozen=True)
class Method:
    """A method of a service."""

    path: str
    request: type[Message]
    reply: type[Message]
    streams_in: bool
    streams_out: bool

    def __str__(self) -> str:
        return ".".join(self.path.split(".")[-1].split("/"))

    @property
    def endless(self) -> bool:
        return self.path.endswith(ENDLESS)

    def call(self, channel: grpc.Channel, requests: Sequence[bytes], timeout: float = 10.0) -> Any:
        """Send requests as they are; return the call itself, which is an iterator of bytes."""
        if self.streams_in:
            call = channel.stream_stream(self.path)(iter(requests), timeout=timeout)
        else:
            call = channel.unary_stream(self.path)(requests[0], timeout=timeout)
        return call

    def status(
        self, channel: grpc.Channel, requests: Sequence[bytes], timeout: float = 10.0
    ) -> tuple[grpc.StatusCode, str]:
        """Send requests, read all replies, and return the status and its text."""
        call = self.call(channel, requests, timeout)
        try:
            for reply in call:
                self.reply.FromString(reply)
        except grpc.RpcError as error:
            return error.code(), error.details() or ""
        return call.code(), call.details() or ""


def _services() -> Iterator[ServiceDescriptor]:
    for module in pkgutil.iter_modules(client.__path__):
        if module.name.endswith("_service_pb2"):
            imported = importlib.import_module(f"{client.__name__}.{module.name}")
            yield from imported.DESCRIPTOR.services_by_name.values()


def _method(described: MethodDescriptor) -> Method:
    return Method(
        f"/{described.containing_service.full_name}/{described.name}",
        GetMessageClass(described.input_type),
        GetMessageClass(described.output_type),
        described.client_streaming,
        described.server_streaming,
    )


METHODS = [_method(method) for service in _services() for method in service.methods]


def method(name: str) -> Method:
    """Return a method by its service and name, such as ``Results.GetResult``."""
    (found,) = [method for method in METHODS if str(method) == name]
    return found
