"""What a lesson says when something goes wrong in a cell, or in the background."""

import re
from collections.abc import Iterator

import pytest

from hello_helpers.course.readable_errors import without_folders
from tests.lessons.running import Kernel

pytestmark = pytest.mark.embedded_only

RUN_ABOVE = "menu Run, then Run All Above Selected Cell"


@pytest.fixture(scope="module")
def lesson() -> Iterator[Kernel]:
    """Lesson 02, up to the new session."""
    with Kernel() as kernel:
        kernel.open("02_session")
        kernel.run_until("options")
        yield kernel


def test_a_name_that_a_cell_above_would_have_made_gets_a_sentence(lesson: Kernel) -> None:
    shown = lesson.say("print('so far')\nsessions.close_session(spare_id)")
    assert "NameError: there is no 'spare_id' here." in shown
    assert RUN_ABOVE in shown
    assert "It happened here: sessions.close_session(spare_id)" in shown
    assert "Traceback" not in shown


def test_a_name_that_is_misspelt_gets_a_guess(lesson: Kernel) -> None:
    assert "Did you mean 'session_id'?" in lesson.say("sesion_id")
    mine = "class Mine:\n    near = 1\n    broken = property(lambda self: 1 / 0)\nMine().naer"
    assert "Did you mean near?" in lesson.say(mine)
    assert "Did you mean 100?" in lesson.say("counts = {1: 0, 100: 0}\ncounts[101]")
    assert "letters" not in lesson.say("counts = {1: 0, 2: 0}\ncounts[3]")


def test_a_call_that_armonik_refuses_is_told_with_its_code_and_a_remedy(lesson: Kernel) -> None:
    shown = lesson.say('sessions.create_session(options, partition_ids=["nowhere"])')
    assert "ArmoniK's answer is NOT_FOUND. Partition was not found: 'nowhere'." in shown
    assert "These exist: default." in shown


def test_the_whole_traceback_can_still_be_seen(lesson: Kernel) -> None:
    lesson.say('sessions.get_session("nonsense")')
    assert "_InactiveRpcError" in lesson.say("%tb")


def test_an_error_of_the_course_keeps_its_two_lines(lesson: Kernel) -> None:
    shown = lesson.say('Endpoint.parse("htp://localhost")')
    assert shown.startswith("EndpointSyntaxError: ")
    assert len(shown.splitlines()) <= 2


def test_any_other_error_is_shown_as_ever(lesson: Kernel) -> None:
    for code in (
        "1 / 0  # ZeroDivisionError",
        "int('x')  # ValueError",
        "session_id.state = 1  # AttributeError",
    ):
        shown = lesson.say(code)
        assert code.split()[-1] in shown.replace(code, "")
        assert "Traceback (most recent call last)" in shown


def test_an_error_in_a_thread_is_not_lost(lesson: Kernel) -> None:
    lesson.say(
        "import threading\n"
        "def fail():\n"
        "    raise RuntimeError('nobody sees me')\n"
        "thread = threading.Thread(target=fail, name='T')\n"
        "thread.start(); thread.join()"
    )
    shown = lesson.say("end_lesson()")
    assert "there were errors in the background: in the thread 'T': RuntimeError" in shown
    lesson.say("begin_lesson()")
    assert "No error has happened in the background" in lesson.say("end_lesson()")


def test_an_error_in_a_task_of_the_event_loop_is_not_lost(lesson: Kernel) -> None:
    lesson.say(
        "import asyncio, gc\n"
        "async def fail():\n"
        "    raise RuntimeError('nobody sees me')\n"
        "task = asyncio.ensure_future(fail())\n"
        "await asyncio.sleep(0)\n"
        "del task; gc.collect()"
    )
    assert "in the event loop: RuntimeError: nobody sees me" in lesson.say("end_lesson()")
    lesson.say("begin_lesson()")


def test_a_mistake_beside_a_check_leaves_its_hints_in_sight(lesson: Kernel) -> None:
    shown = lesson.say(
        "from hello_helpers.exercises import exercise_02\n"
        "exercise_02.check(endpoint, sessions.create_sesion(options))"
    )
    assert "Did you mean create_session" in shown
    assert "Hints: exercise_02.hint(1) to exercise_02.hint(" in shown
    assert "exercise_02.solution()" in shown


def test_the_whole_traceback_is_folded_away_below(lesson: Kernel) -> None:
    page = lesson.pages("from hello_helpers import create_session\ncreate_session(None)")
    assert "<details><summary>The whole traceback</summary>" in page
    assert "in create_session" in page
    assert "File &quot;steps.py&quot;" in page
    assert "File &quot;/" not in page  # no folder of this machine is kept in the notebook
    assert without_folders(r'  File "C:\Users\ada\steps.py", line 1') == '  File "steps.py", line 1'


def test_a_name_is_told_with_where_it_comes_from(lesson: Kernel) -> None:
    assert "It has to be imported: import json." in lesson.say("json.dumps({})")
    lesson.say("import armonik.client")
    assert "from armonik.client import ArmoniKTasks." in lesson.say("ArmoniKTasks(channel)")
    lesson.say("begin_lesson('02')")
    made = "A cell of this lesson makes it: run that first: menu Run, then Run All Above"
    assert made in lesson.say("spare_id")
    assert "Run All Above" not in lesson.say("sesion_id")


def test_an_error_in_ones_own_function_is_not_that_of_armonik(lesson: Kernel) -> None:
    shown = lesson.say(
        "from armonik.client import ArmoniKEvents, ArmoniKResults\n"
        "from armonik.common import EventTypes\n"
        "with_one = sessions.create_session(options, [partition])\n"
        "ArmoniKResults(channel).create_results_metadata(['one'], with_one)\n"
        "def look(session_id, kind, event):\n"
        "    return {}[event.status]\n"
        "ArmoniKEvents(channel).get_events(with_one, [EventTypes.NEW_RESULT], [look])"
    )
    assert "KeyError" in shown or "It is empty" in shown
    assert "in your own function, which get_events has called: return {}[event.status]" in shown
    assert "ArmoniK refused" not in shown


def test_the_live_board_shows_the_newest_tasks_of_any_session(lesson: Kernel) -> None:
    lesson.say(
        "from hello_helpers.steps import *\nfrom hello_helpers.messages import Payload\n"
        "data = create_payload(channel, session_id, Payload([1, 2]))\n"
        "submit_task(channel, session_id, data)\n"
        "wait_for_result(channel, session_id, data.result_id)"
    )
    shown = lesson.say(
        "from hello_helpers.course.live_board import live_board\nlive_board(looks=1)"
    )
    assert re.search(r"state +learner +lesson +made +took +why it failed\n✓ COMPLETED", shown)


def test_after_the_last_cell_a_call_says_how_to_go_on(lesson: Kernel) -> None:
    lesson.say("end_lesson(channel)")
    lesson.say("from armonik.client import ArmoniKEvents, ArmoniKResults")
    for call in (
        "sessions.get_session(session_id)",
        "ArmoniKResults(channel).download_result_data('result', session_id)",
        "ArmoniKEvents(channel).get_events(session_id, [], [])",
    ):
        shown = lesson.say(call)
        assert shown.startswith("The channel is closed."), call
        assert "Run All Above Selected Cell" in shown
        assert "Traceback" not in shown


def test_after_the_last_cell_an_exercise_can_still_be_checked(lesson: Kernel) -> None:
    lesson.say("end_lesson(channel)")
    shown = lesson.say(
        "from hello_helpers.exercises import exercise_02\nexercise_02.check(endpoint, session_id)"
    )
    assert "its tasks may take 300 seconds" in shown
