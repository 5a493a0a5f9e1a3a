"""What ArmoniK complains about: the parts that do not feel well, as its health checks tell.

A worker that ends again and again, for example, is nothing that a task or a result would tell.
"""

from __future__ import annotations

import contextlib
import threading

import grpc
from armonik.client import ArmoniKHealthChecks
from armonik.common import ServiceHealthCheckStatus

from hello_helpers.connect.deadline import with_deadline

GLANCE_SECONDS = 0.5
"""How long somebody who has pressed Ctrl-C is kept waiting."""


def complaints(channel: grpc.Channel) -> tuple[str, ...]:
    """Return a text for each part of ArmoniK that does not feel well."""
    return tuple(
        f"{name}: {report['message'] or ServiceHealthCheckStatus(report['status']).name}"
        for name, report in ArmoniKHealthChecks(channel).check_health().items()
        if report["status"] != ServiceHealthCheckStatus.HEALTHY
    )


def complaints_at_once(channel: grpc.Channel) -> str:
    """Return the complaints in a sentence; "" if there are none, or no answer comes at once.

    They are asked for in a thread: another Ctrl-C must not hit gRPC in the middle of its work.
    """
    found: list[str] = []

    def ask() -> None:
        with contextlib.suppress(grpc.RpcError, ValueError):  # ValueError: the channel is closed
            found.extend(complaints(with_deadline(channel, GLANCE_SECONDS)))

    asking = threading.Thread(target=ask, name="look for complaints", daemon=True)
    asking.start()
    asking.join(GLANCE_SECONDS)
    return f"ArmoniK complains: {'; '.join(map(brief, found))}." if found else ""


def brief(complaint: str) -> str:
    """Return a complaint in one line: of the last lines of a log, only the very last."""
    first, _, log = complaint.strip().partition("; its last lines:\n")
    return f"{first}; its last line: {log.splitlines()[-1].strip()}" if log else first
