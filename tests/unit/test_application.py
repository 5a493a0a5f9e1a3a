"""The application of lesson 12, which is meant to be copied: it leaves no work behind."""

from typing import Any

import pytest
from armonik.common import ResultStatus, SessionStatus

from tests.lessons.running import cell_of, stored

from .fake_armonik import FakeArmonik, event


def test_a_lost_result_ends_the_session_with_all_its_tasks(fake: FakeArmonik, channel: Any) -> None:
    def lost(fake: FakeArmonik, *_: Any) -> Any:
        *_, announced = fake.results
        yield event(announced, ResultStatus.ABORTED)

    fake.automatic = False
    fake.partitions = ["render"]
    fake.streams = [lost]
    lesson: dict[str, Any] = {"channel": channel}
    exec(cell_of(stored("12_own_application"), "render").source, lesson)
    with pytest.raises(RuntimeError, match="will not come"):
        lesson["render"]([{"left": 0, "top": 0, "width": 1}], None)
    assert [session.status for session in fake.sessions.values()] == [SessionStatus.CANCELLED]
