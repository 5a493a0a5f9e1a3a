"""``hello-armonik status``: what runs, whether it is well, and what it has to do.

All that is said about an ArmoniK is asked through its public API, so a real cluster can be looked
at, too. Only of the shared embedded one more is known: its process and its log. None is started.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hello_helpers.cli.endpoints import add_endpoint_arguments, find_endpoint, names_endpoint
from hello_helpers.cli.terminal import fail, say, span
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.errors import EndpointError, HelloError, NoAnswerError

if TYPE_CHECKING:
    import grpc
    from armonik.common import Partition

    from hello_helpers.embedded import SharedArmonik

HELP = "show what runs: endpoint, version, health, partitions, sessions, tasks"

CHECK_SECONDS = 4.0
"""How long the endpoint may take to answer at all."""

CALL_SECONDS = 10.0
"""How long each further question may take."""

Line = tuple[str, str]
"""What a line is about, and what it says; "" continues the line before."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_endpoint_arguments(parser, "your shared embedded ArmoniK")


def execute(args: argparse.Namespace) -> int:
    """Print the status; return the exit status."""
    from hello_helpers.display.tables import printable

    try:
        if names_endpoint(args):
            endpoint = find_endpoint(args)
            lines = _about(endpoint)
        elif shared := _find_shared():
            lines = _about_shared(shared)
        else:
            lines = []
    except HelloError as error:
        return fail(error)
    for title, text in lines:
        say(f"{title:<12}{printable(text)}".rstrip())
    if not lines:
        say("No embedded ArmoniK is running. `hello-armonik run` starts one.")
    return 0


def _find_shared() -> SharedArmonik | None:
    from hello_helpers.embedded import StartError, find_shared

    try:
        return find_shared()
    except StartError as error:
        raise EndpointError(error.message, error.hint) from error


def _about_shared(shared: SharedArmonik) -> list[Line]:
    """Tell about the shared embedded ArmoniK; nothing if it ends meanwhile."""
    try:
        if not shared.ending:
            return [
                *_about(Endpoint.parse(shared.endpoint)),
                ("Process", f"{shared.pid}, running for {span(time.time() - shared.started)}"),
                ("Log file", str(shared.log)),
            ]
    except EndpointError:
        now = _find_shared()
        if now is not None and not now.ending:
            raise
    return [("Process", f"{shared.pid}, which is ending")] if _find_shared() else []


def _about(endpoint: Endpoint) -> list[Line]:
    """Ask an ArmoniK for everything; raise a `HelloError` if it does not answer."""
    from hello_helpers.connect.deadline import with_deadline
    from hello_helpers.connect.grpc_errors import LOOK_HINT, explained

    told = [f"{part} {version}" for part, version in endpoint.check(CHECK_SECONDS).items()]
    if endpoint.origin.instance is not None:
        told.append("embedded")
    try:
        with endpoint.open_channel() as channel, explained(channel):
            channel = with_deadline(channel, CALL_SECONDS)
            return [
                ("Endpoint", endpoint.url),
                ("Version", ", ".join(told)),
                *_about_health(channel),
                *_about_partitions(channel),
                ("Sessions", _counted(_sessions(channel))),
                ("Tasks", _counted(_tasks(channel))),
            ]
    except NoAnswerError as error:  # this command is where the usual hint sends people
        hint = "Try again in a moment." if error.hint == LOOK_HINT else error.hint
        raise NoAnswerError(error.message, hint) from error


def _about_health(channel: grpc.Channel) -> Iterator[Line]:
    from armonik.client import ArmoniKHealthChecks
    from armonik.common import ServiceHealthCheckStatus

    title = "Health"
    for name, report in sorted(ArmoniKHealthChecks(channel).check_health().items()):
        word = ServiceHealthCheckStatus(report["status"]).name.lower()
        first, *more = report["message"].strip().splitlines() or [""]
        yield title, f"{name}: {word}" + (f": {first}" if first else "")
        yield from (("", f"  {line}") for line in more)
        title = ""


def _about_partitions(channel: grpc.Channel) -> Iterator[Line]:
    from armonik.client import ArmoniKPartitions

    total, partitions = ArmoniKPartitions(channel).list_partitions()
    title = "Partitions"
    for partition in sorted(partitions, key=lambda partition: str(partition.id)):
        yield title, f"{partition.id}: {_pods(partition)}"
        title = ""
    if total > len(partitions):
        yield title, f"and {total - len(partitions):,} more"


def _pods(partition: Partition) -> str:
    least, most = partition.pod_reserved, partition.pod_max
    number = f"{most}" if least == most else f"{least} to {most}"
    return f"{number} pod" if number == "1" else f"{number} pods"


def _sessions(channel: grpc.Channel) -> dict[str, int]:
    """Count the sessions by status: how many match is told even if none is to be sent."""
    from armonik.client import ArmoniKSessions
    from armonik.common import Session, SessionStatus

    client = ArmoniKSessions(channel)
    return {
        status.name: client.list_sessions(Session.status == status, page_size=0)[0]
        for status in SessionStatus
        if status.name not in ("UNSPECIFIED", "DELETED")  # these are never listed
    }


def _tasks(channel: grpc.Channel) -> dict[str, int]:
    from armonik.client import ArmoniKTasks

    counts = ArmoniKTasks(channel).count_tasks_by_status()
    return {status.name: count for status, count in sorted(counts.items())}


def _counted(counts: Mapping[str, int]) -> str:
    """Write ``2 running, 1,000 closed``; "none" if all counts are zero."""
    parts = [f"{count:,} {name.lower()}" for name, count in counts.items() if count]
    return ", ".join(parts) or "none"
