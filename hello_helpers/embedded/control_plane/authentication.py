"""The Authentication service."""

from __future__ import annotations

from collections.abc import Sequence

from armonik.protogen.client.auth_service_pb2_grpc import AuthenticationServicer
from armonik.protogen.common import auth_common_pb2 as messages

from ..grpc_context import Context

ANONYMOUS = "Anonymous"
"""Who everybody is as long as nobody shows a certificate."""


class Authentication(AuthenticationServicer):  # type: ignore[misc]
    """Tells callers who they are. Everybody may do everything: there is no authorization here."""

    def __init__(self, permissions: Sequence[str]) -> None:
        """Take the permissions: ``Service:Method`` for every method that is served."""
        self._permissions = sorted(permissions)

    async def GetCurrentUser(
        self, _request: messages.GetCurrentUserRequest, context: Context
    ) -> messages.GetCurrentUserResponse:
        """Name the caller: the common name of their client certificate, if they showed one."""
        names = list(context.auth_context().get("x509_common_name", ()))
        username = names[0].decode("utf-8", "replace") if names else ANONYMOUS
        return messages.GetCurrentUserResponse(
            user=messages.User(username=username, permissions=self._permissions)
        )
