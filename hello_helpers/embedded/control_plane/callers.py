"""Who calls, and what they may change: with certificates, what is one's own.

Everybody may read everything, and make sessions. A session, with its tasks and results, is changed
by whoever has made it, and by the one who serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..clients import ClientList
from ..data_plane import sessions
from ..data_plane.plane import DataPlane
from ..errors import PermissionDenied
from ..interceptor import Context
from ..tls import CLIENT_NAME


def caller_of(context: Context) -> str:
    """Return the common name of the caller's certificate; "" if they showed none."""
    names = list(context.auth_context().get("x509_common_name", ()))
    return names[0].decode("utf-8", "replace") if names else ""


def admission(clients: ClientList) -> Callable[[Context], None]:
    """Return what lets a caller in whose certificate is on the list, or is that of who serves.

    It raises `Unauthenticated` for all others.
    """

    def admit(context: Context) -> None:
        name = caller_of(context)
        if name != CLIENT_NAME:
            clients.admit(name, b"".join(context.auth_context().get("x509_pem_cert", ())))

    return admit


def require_owner(plane: DataPlane, context: Context, table: str, ids: Iterable[str]) -> None:
    """Do nothing if the caller may change the sessions of some sessions, tasks or results.

    Where no certificates are asked for, everybody may.

    Raises:
        PermissionDenied: one of them belongs to somebody else.
    """
    if "x509_pem_cert" not in context.auth_context():
        return
    caller = caller_of(context)
    if caller == CLIENT_NAME:
        return
    if others := sessions.owners(plane, table, ids) - {caller}:
        raise PermissionDenied(
            f"This {table} belongs to {min(others)}, and you call as {caller or 'nobody'}: where"
            " certificates are asked for, a session is changed only by whoever has made it"
        )
