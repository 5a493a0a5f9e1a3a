"""One place where the errors of the embedded ArmoniK become gRPC status codes."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc

from .errors import RequestError, StorageError
from .grpc_context import Context

log = logging.getLogger(__name__)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method: known errors keep their words, unknown ones are logged."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Replace the handler of a method by one that maps errors."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:  # no such method: gRPC answers UNIMPLEMENTED
            return None
        coders = (handler.request_deserializer, handler.response_serializer)
        name = handler_call_details.method
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(_single(handler.unary_unary, name), *coders)
        if handler.stream_unary:
            return grpc.stream_unary_rpc_method_handler(
                _single(handler.stream_unary, name), *coders
            )
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(
                _streaming(handler.unary_stream, name), *coders
            )
        return grpc.stream_stream_rpc_method_handler(
            _streaming(handler.stream_stream, name), *coders
        )


def _single(method: Callable[..., Awaitable[Any]], name: str) -> Any:
    async def call(request: Any, context: Context) -> Any:
        try:
            return await method(request, context)
        except Exception as error:
            await _abort(context, name, error)

    return call


def _streaming(method: Callable[..., AsyncGenerator[Any, None]], name: str) -> Any:
    async def call(request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async with aclosing(method(request, context)) as messages:
                async for message in messages:
                    yield message
        except Exception as error:
            await _abort(context, name, error)

    return call


async def _abort(context: Context, method: str, error: Exception) -> None:
    """End a call with the status that belongs to an error."""
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, NotImplementedError):
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not implemented")
    if isinstance(error, StorageError):
        log.error("%s: %s", method, error, extra={"method": method})
    if isinstance(error, RequestError | StorageError):
        await context.abort(grpc.StatusCode[error.code], str(error))
    log.error("%s failed", method, exc_info=error, extra={"method": method})
    await context.abort(
        grpc.StatusCode.UNKNOWN, "Unknown exception, see the log of the embedded ArmoniK"
    )
