"""Several lessons open at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hello_helpers import Endpoint, pick_up_session
from tests.lessons.running import Kernel

pytestmark = pytest.mark.embedded_only


def run(name: str) -> str:
    with Kernel() as kernel:
        kernel.open(name)
        kernel.run_all()
        return kernel.say("session_id")


def test_two_lessons_run_at_the_same_time_in_one_session() -> None:
    with Endpoint.find().open_channel() as channel:
        session_id = pick_up_session(channel)
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(run, ["04_submit", "05_wait"])) == [repr(session_id)] * 2
