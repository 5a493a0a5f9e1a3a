"""An embedded ArmoniK that does whatever a real one may do, and the embedded one never does.

    python -m tests.conformance.as_real serve --partition "default=python tests/workers/scripted.py"

It takes the arguments of ``hello-armonik``. What a client must bear of a real ArmoniK, as it was
measured on one and as its databases differ:

- instants are in milliseconds, those that filters name, too (MongoDB; PostgreSQL: microseconds);
- an event tells the status at the time of its reading, and may be told twice; each update of a
  result also tells its owner (PostgreSQL); those of tasks and those of results have no order;
- rows that sort alike come in any order;
- pod_ttl is not quite started_at;
- what it does not expect is UNKNOWN, with a text that tells nothing: filters that make no sense,
  a partition outside the session's list, the next step of a closed session;
- nothing says which one it is.

Other defects of a real one are not here: tests of them are `embedded_only`.
"""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from hello_helpers.embedded.data_plane import clock

MILLISECOND = 1_000_000  # in nanoseconds


def whole_milliseconds(function: Callable[..., int]) -> Callable[..., int]:
    """Return a function whose results are cut to whole milliseconds."""
    return lambda *of: function(*of) // MILLISECOND * MILLISECOND


# Before any other module takes them from there:
clock.now = whole_milliseconds(clock.now)
clock.from_message = whole_milliseconds(clock.from_message)

from hello_helpers import __main__ as command_line  # noqa: E402
from hello_helpers.embedded import errors  # noqa: E402
from hello_helpers.embedded.control_plane import events, listing, server  # noqa: E402
from hello_helpers.embedded.data_plane import (  # noqa: E402
    attempts,
    fields,
    filters,
    session_life,
    submission,
)
from hello_helpers.embedded.data_plane.feed import Change, ChangeFeed, ChangeKind  # noqa: E402

UNFORESEEN = re.compile(
    r"is not one of this session's partitions|cannot (pause|resume) a session that is CLOSED"
)


class Unknown(errors.RequestError):
    """What a real ArmoniK answers where it did not expect to be asked so."""

    def __str__(self) -> str:
        return "Unknown exception, see ArmoniK logs"


def unless_expected(check: Callable[..., Any]) -> Callable[..., Any]:
    """Return a check that refuses with UNKNOWN, but where a real ArmoniK has a word for it."""

    def checked(*of: Any) -> Any:
        try:
            return check(*of)
        except errors.RequestError as error:
            raise Unknown if UNFORESEEN.search(str(error)) else error from None

    return checked


def told_more_than_once(publish: Any) -> Any:
    """Return a method of the change feed that also tells what has not changed."""

    def tell(feed: ChangeFeed, change: Change) -> None:
        publish(feed, change)
        if change.kind is ChangeKind.RESULT_STATUS:
            publish(feed, change._replace(kind=ChangeKind.RESULT_OWNER))
        if change.kind is not ChangeKind.NEW_TASK:
            publish(feed, change)

    return tell


def told_as_read(responses: Any) -> Any:
    """Return a method of a stream's view that tells the present status, first that of tasks."""

    def tell(view: Any, changes: list[Change]) -> Iterator[Any]:
        return responses(view, [as_read(view, change) for change in sorted(changes, key=_kind)])

    def as_read(view: Any, change: Change) -> Change:
        table = "task" if change.kind is ChangeKind.TASK_STATUS else "result"
        if change.kind is ChangeKind.NEW_TASK:
            return change
        sql = f"SELECT * FROM {table} WHERE {table}_id = ?"
        row = view._plane.database.row(sql, (change.object_id,))
        if row is None:  # deleted meanwhile
            return change
        if change.kind is ChangeKind.RESULT_OWNER:
            return change._replace(owner=row["owner_task_id"])
        return change._replace(status=row["status"])

    return tell


def _kind(change: Change) -> int:
    return change.kind.value


def behave_as_real() -> None:
    """Change the modules of the embedded ArmoniK in this process."""
    change(server, "ErrorInterceptor", lambda real: lambda _instance, admit: real((), admit))
    change(filters, "InvalidArgument", lambda _: Unknown)
    change(fields, "InvalidArgument", lambda _: Unknown)
    change(submission, "check_options", unless_expected)
    change(session_life, "session_after", unless_expected)
    change(ChangeFeed, "publish", told_more_than_once)
    change(events._View, "_responses", told_as_read)
    change(
        listing,
        "_order",
        lambda order: lambda keys, _unique, direction: order(keys, ["random()"], direction),
    )
    change(
        attempts,
        "_started",
        lambda started: lambda now: {**started(now), "pod_ttl": now + MILLISECOND},
    )


def change(holder: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace what a module or class has, and must have, by what `make` makes of it."""
    setattr(holder, name, make(getattr(holder, name)))


if __name__ == "__main__":
    behave_as_real()
    sys.exit(command_line.main())
