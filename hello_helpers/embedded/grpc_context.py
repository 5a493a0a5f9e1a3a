"""The type of the context that gRPC hands to every method of a service."""

from __future__ import annotations

from typing import Any, TypeAlias

import grpc.aio

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
