"""The closing form: it closes the sessions that the lessons have left open."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
from armonik.client import ArmoniKSessions

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.course.sessions import my_sessions
from hello_helpers.errors import HelloError
from hello_helpers.forms import html
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import CLOSE, code_of
from hello_helpers.forms.field import Input
from hello_helpers.labels import COURSE, OWN, course_labels

RUNNING = "Running sessions that the lessons have made for me"
"""Not those that the learner has made without the labels of the course."""

LOOK_SECONDS = 3.0
"""How long the form waits for the list of sessions."""


class ClosingForm(Form[int]):
    """Close all sessions that this learner has made with the course and that are still running.

    Its result is how many it has closed.
    """

    title = "My sessions of the course"
    deed = "Close my sessions"
    doing = "Closing my sessions"

    def _inputs(self) -> list[Input]:
        self._head = widgets.HTML()
        self._show_running(self._count())
        return [self._head]

    def _show_running(self, count: str) -> None:
        self.running = count
        self._head.value = html.progress([f"{RUNNING}: {count}."])

    def _count(self) -> str:
        try:
            with self._endpoint().open_channel() as channel:
                return str(len(my_sessions(with_deadline(channel, LOOK_SECONDS))))
        except HelloError:  # whoever runs the form will be told why
            return "unknown"

    def _prepare(self) -> Callable[[], int]:
        return self._close

    def _close(self) -> int:
        learner = course_labels()["learner"]
        self._show_code(code_of(CLOSE, self._endpoint(), learner=learner, course=COURSE, own=OWN))
        with self._channel() as channel:
            found = my_sessions(channel)
            for session in found:
                self._cancellation.check()
                ArmoniKSessions(channel).close_session(session.session_id)
                self._report(f"Session {session.session_id} is closed.")
        self._show_running(self._count())
        self._report(f"Closed: {len(found)}. The next lesson that you open makes a new one.")
        return len(found)

    def _rows(self) -> list[tuple[str, str]]:
        return [(RUNNING, self.running)]
