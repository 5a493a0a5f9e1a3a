"""What a class's teacher is told besides, if the class's file says so, and the learner knows it.

A record is a session without tasks that is closed at once. Its labels say all: the learner, the
lesson, and how an exercise stands, or of which kind an error in a cell was. No code is in it, no
value and no text. So it needs nothing but ArmoniK, and a cluster takes it, too.
"""

from __future__ import annotations

import logging
import os
import threading

from armonik.client import ArmoniKSessions

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.sessions import hello_partition
from hello_helpers.labels import LESSON, own_labels
from hello_helpers.steps import create_session

VARIABLE = "HELLO_RECORD"
"""Environment variable by which a class's file asks for it; any text but the empty one."""

RECORD = "record"
"""Value of the label "hello" of such a session."""

EXERCISE, ERROR = "exercise", "error"
"""Further labels of it: "tried" or "right"; the name of a class of errors."""

TOLD = (
    "Your class keeps a record: your teacher sees at which lesson you are, which exercises you have"
    " tried and which are right, and of which kind an error in a cell was. No code, no values and"
    " no texts leave this machine for it."
)

SECONDS = 5.0
"""How long it may take to write a record."""

log = logging.getLogger(__name__)


def record(lesson: str, **labels: str) -> threading.Thread | None:
    """Write a record if the class asks for it; nobody waits for it, and it disturbs nobody.

    Args:
        lesson: the present one; "": there is nothing to tell.
        labels: what there is to tell of it; see `EXERCISE` and `ERROR`.

    Returns:
        What writes it; None if nothing does.
    """
    if not lesson or not os.environ.get(VARIABLE):
        return None
    labels = {**own_labels(), "hello": RECORD, LESSON: lesson, **labels}
    writer = threading.Thread(target=_write, args=(labels,), name=RECORD, daemon=True)
    writer.start()
    return writer


def _write(labels: dict[str, str]) -> None:
    try:
        if (endpoint := Endpoint.from_environment()) is not None:
            with endpoint.open_channel() as channel:
                channel = with_deadline(channel, SECONDS)
                session_id = create_session(channel, hello_partition(), labels)
                ArmoniKSessions(channel).close_session(session_id)
    except Exception:  # a lesson goes on without it
        log.debug("No record could be written", exc_info=True)
