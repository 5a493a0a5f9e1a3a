"""The session form: options in, a session out, and what ArmoniK has stored of it."""

from __future__ import annotations

from collections.abc import Callable

from armonik.client import ArmoniKSessions
from armonik.common import TaskOptions

from hello_helpers.display.tables import text
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import SESSION, code_of
from hello_helpers.forms.field import Input
from hello_helpers.forms.option_fields import OptionFields


class SessionForm(Form[str]):
    """Choose task options and a partition, and create a session with them.

    Its result is the id of the session. To leave nothing open, the session is closed at the end.

    Attributes:
        partition: one of those that the cluster has.
        max_duration: in seconds.
        priority, max_retries: whole numbers.
    """

    title = "A session and its default task options"
    deed = "Create the session"
    doing = "Creating the session"
    starts_anew = True

    def _inputs(self) -> list[Input]:
        self._fields = OptionFields(self._endpoint())
        self.partition, self.max_duration, self.priority, self.max_retries = self._fields.inputs
        return self._fields.parts

    def _prepare(self) -> Callable[[], str]:
        options = self._fields.read()
        return lambda: self._create(options)

    def _create(self, options: TaskOptions) -> str:
        values = {"options": options, "seconds": options.max_duration.total_seconds()}
        self._show_code(code_of(SESSION, self._endpoint(), options.partition_id, **values))
        with self._channel() as channel:
            sessions = ArmoniKSessions(channel)
            session_id = sessions.create_session(options, partition_ids=[options.partition_id])
            self._report(f"Session {session_id} has been created.")
            stored = sessions.get_session(session_id).options
            names = ("max_duration", "priority", "max_retries", "partition_id")
            told = ", ".join(f"{name} {text(getattr(stored, name))}" for name in names)
            self._report(f"ArmoniK has stored: {told}.")
            closed = sessions.close_session(session_id)
            self._report(f"It was closed again: its status is {text(closed.status)}.")
        return str(session_id)

    def _rows(self) -> list[tuple[str, str]]:
        return [*self._fields.rows(), ("Session", "created" if self.result else "none yet")]
