"""One place where the errors of the embedded ArmoniK become gRPC status codes."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from .errors import InvalidArgument, RequestError, StorageError

log = logging.getLogger(__name__)

LONGEST_DETAILS = 2_000
"""Bytes of a refusal's text. It travels in a header, and clients take no more than 8 KiB of these;
each byte may become three there."""

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
"""What gRPC hands to every method of a service."""


INSTANCE_KEY = "hello-armonik-instance"
"""Key of the trailing metadata by which a client knows which start of which embedded ArmoniK it
talks to: a channel stays, while what listens at its address may be another one."""

Metadata: TypeAlias = tuple[tuple[str, str], ...]

Admit: TypeAlias = Callable[[Context], None]
"""Lets a caller in, or raises an error."""


def everybody(_: Context) -> None:
    """Let everybody in."""


ANY_PINGS = ("grpc.http2.max_ping_strikes", 0)
"""Option of a server: clients may send keepalive pings as often as they like, as to ASP.NET's,
which serves a real ArmoniK. By default gRPC's own says GOAWAY ("too_many_pings") to the fourth that
comes within five minutes while it has nothing to send: clients lost their quiet event streams."""


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method: known errors keep their words, unknown ones are logged.

    Every answer, also a refusal, ends with the same metadata. (It could begin with it, but that
    would have to be sent by itself: a fifth of what a small call costs.)
    """

    def __init__(self, metadata: Metadata = (), admit: Admit = everybody) -> None:
        """Take the trailing metadata of all answers, and what decides who may call at all."""
        self._metadata, self._admit = metadata, admit
        self._handlers: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Replace the handler of a method by one that maps errors."""
        name = handler_call_details.method
        if name not in self._handlers:
            handler: Any = await continuation(handler_call_details)
            if handler is None:  # no such method: gRPC answers UNIMPLEMENTED
                return None
            self._handlers[name] = self._wrapped(handler, name)
        return self._handlers[name]

    def _wrapped(self, handler: Any, name: str) -> Handler:
        streams = (handler.request_streaming, handler.response_streaming)
        kind = "_".join("stream" if stream else "unary" for stream in streams)
        wrap = _streaming if handler.response_streaming else _single
        if kind == "stream_unary":
            wrap = _collecting
        method = wrap(getattr(handler, kind), name, self._metadata, self._admit)
        make: Callable[..., Handler] = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(method, _parser(handler), handler.response_serializer)


# gRPC keeps what `abort` raises, in a cycle of references, until Python gets round to looking for
# cycles; and with it all that its traceback leads to. So nothing may lead from there to a request:
# that could be of many megabytes.


def _single(method: Callable[..., Awaitable[Any]], name: str, last: Metadata, admit: Admit) -> Any:
    async def call(request: Any, context: Context) -> Any:
        context.set_trailing_metadata(last)
        try:
            admit(context)
            _check(request)
            return await method(request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            status = _status(error, name)
        del request
        return await context.abort(*status)

    return call


def _collecting(
    method: Callable[..., Awaitable[Any]], name: str, last: Metadata, admit: Admit
) -> Any:
    """Wrap a method with a stream of requests, which end only if their caller has ended them."""

    async def whole(requests: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:
        """Yield requests to the end.

        To gRPC, a caller that hangs up in the middle looks like one that has sent everything: it
        tells of the cancellation a moment later, when half an upload may have been taken for a
        whole one. So something is sent first, which is possible only if the caller is still there.
        """
        async for request in requests:
            yield request
        await context.send_initial_metadata(())

    def of_whole(requests: AsyncIterator[Any], context: Context) -> Awaitable[Any]:
        return method(whole(requests, context), context)

    return _single(of_whole, name, last, admit)


def _streaming(
    method: Callable[..., AsyncGenerator[Any, None]], name: str, last: Metadata, admit: Admit
) -> Any:
    async def call(request: Any, context: Context) -> AsyncIterator[Any]:
        context.set_trailing_metadata(last)
        try:
            admit(context)
            _check(request)
            async with aclosing(method(request, context)) as messages:
                async for message in messages:
                    yield message
            return
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            status = _status(error, name)
        del request
        await context.abort(*status)

    return call


def _parser(handler: Any) -> Any:
    """Return what parses requests; where there is but one, the error takes its place.

    gRPC would answer UNKNOWN and log a traceback. (The requests of a stream are parsed while the
    method reads them, so there an error is raised like any other.)
    """
    parse = handler.request_deserializer
    if handler.request_streaming or parse is None:
        return parse

    def parse_or_explain(data: bytes) -> Any:
        try:
            return parse(data)
        except DecodeError as error:
            return error

    return parse_or_explain


def _check(request: Any) -> None:
    if isinstance(request, DecodeError):
        raise request


def _status(error: Exception, method: str) -> tuple[grpc.StatusCode, str]:
    """Return the status and text that belong to an error; log what is not the caller's fault."""
    if isinstance(error, DecodeError):
        error = InvalidArgument("The request cannot be parsed: it is not the message that is due")
    if isinstance(error, NotImplementedError):
        return grpc.StatusCode.UNIMPLEMENTED, f"{method} is not implemented"
    if isinstance(error, StorageError):
        log.error("%s: %s", method, error, extra={"method": method})
    if isinstance(error, RequestError | StorageError):
        return grpc.StatusCode[error.code], _shortened(str(error))
    log.error("%s failed", method, exc_info=error, extra={"method": method})
    return grpc.StatusCode.UNKNOWN, "Unknown exception, see the log of the embedded ArmoniK"


def _shortened(text: str) -> str:
    """Return a text that fits in a header, cut if need be."""
    data = text.encode("utf-8", "replace")
    if len(data) <= LONGEST_DETAILS:
        return text
    return data[:LONGEST_DETAILS].decode("utf-8", "ignore") + "…"
