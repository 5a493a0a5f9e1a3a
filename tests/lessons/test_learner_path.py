"""Each lesson opened first, on an empty ArmoniK, and its exercise tried in every way."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hello_helpers import exercises
from tests.isolation import RUN
from tests.lessons import offline
from tests.lessons.offline import DEAD_PROXY
from tests.lessons.running import LESSONS, Kernel, cell_of, folder, number, text
from tests.lessons.typed import TYPED

pytestmark = pytest.mark.embedded_only

NOT_TRIED = "Not tried yet. Replace the dots in this cell by your own code"

WRONG = {
    "00_welcome": {
        "my_sum = 45": "45 is the sum of the ten numbers that were in the form.",
        "my_sum = sum(range(1, 1001))": "500500 is 1 + 2 + ... + 1000.",
        "my_sum = '499500'": "this is an object of the class str",
        "my_sum = 7": "The answer is 7",
    },
    "01_channel": {
        "my_channel = endpoint.url": "This is a text, and no channel.",
        "my_channel = channel": "This is the channel that the lesson has opened.",
        "my_channel = endpoint": "an object of the class Endpoint, and no channel",
        "my_channel = wrong.open_channel()": "no ArmoniK answers: UNAVAILABLE",
        "my_channel = endpoint.open_channel(); my_channel.close()": "closed already",
    },
    "02_session": {
        "my_session_id = 'nonsense'": "ArmoniK knows no session with the id 'nonsense'.",
        "my_session_id = session_id": "its tasks may take 300 seconds",
        "my_session_id = session": "this is an object of the class Session",
        "o = dataclasses.replace(options, max_duration=timedelta(minutes=1), max_retries=3)\n"
        "my_session_id = sessions.create_session(o, [partition])": "makes up to four executions",
        "o = dataclasses.replace(options, max_duration=timedelta(minutes=1), max_retries=2)\n"
        "my_session_id = sessions.create_session(o, [partition])": "the session is still RUNNING",
    },
    "03_payload": {
        "my_payload_id = output_id": "no data for it: it is CREATED",
        "my_payload_id = payload_id": "The values in this payload are [0, 1, 2,",
        "my_payload_id = results.create_results({'x': b'3 4 5'}, session_id)['x'].result_id": (
            "the hello worker could not read it"
        ),
        "my_payload_id = 3": "this is an object of the class int",
    },
    "04_submit": {
        "my_task_id = submitted.id": "its priority is 1",
        "my_task_id = output_id": "This is the id of a result, and not of a task.",
        "my_task_id = submitted": "This is the whole task. Its id is its attribute id.",
        "my_task_id = 'nonsense'": "ArmoniK knows no task with the id 'nonsense'.",
        "my_task_id = [submitted.id]": "this is an object of the class list",
    },
    "05_wait": {
        "my_session_id = session_id": "This is the session that the lessons share.",
        "from hello_helpers import create_payload, create_session, submit_task\n"
        "my_session_id = create_session(channel)": ("there is no task in it"),
        "d = create_payload(channel, my_session_id, Payload([45]))\n"
        "submit_task(channel, my_session_id, d)\n"
        "wait_for_results(channel, my_session_id, [d.result_id])\n"
        "import time; time.sleep(0.2)": "The result in this session is 45.",
        "from armonik.client import ArmoniKSessions\n"
        "ArmoniKSessions(channel).cancel_session(my_session_id)": "This session was cancelled",
        "my_session_id = create_session(channel)\n"
        "d = create_payload(channel, my_session_id, Payload(list(range(51))))\n"
        "submit_task(channel, my_session_id, d)\n"
        "wait_for_results(channel, my_session_id, [d.result_id])\n"
        "import time; time.sleep(0.2)": "The result is right. But the session is still RUNNING.",
    },
    "06_the_whole_client": {
        "my_session_id = session_id": "the priority of its tasks is 1",
        "my_session_id = run_client('--priority', '3')": "the program has refused its arguments",
        "my_session_id = run_client()": "this is more than an id: 'Session ",
        "with endpoint.open_channel() as c:\n"
        "    o = TaskOptions(timedelta(minutes=1), 3, 1, partition_id=partition)\n"
        "    my_session_id = ArmoniKSessions(c).create_session(o, [partition])": (
            "no task of this session is COMPLETED"
        ),
    },
    "10_many_tasks": {
        "my_session_id = session_id": "You have submitted 1,116 tasks to this session.",
        "my_session_id = create_session(channel, hello_partition())": (
            "You have submitted 0 tasks to this session. Cut the 10,000 numbers into 20 to 200"
        ),
        "my_session_id = create_session(channel, hello_partition())\n"
        "mine = create_payloads(channel, my_session_id, [Payload(p) for p in parts(100)[1:]])\n"
        "submit_all(channel, my_session_id, mine)\n"
        "wait_all(channel, my_session_id, [each.result_id for each in mine])\n"
        "board.follow(channel, my_session_id, 99); board.wait()": (
            "The results in this session add up to 49,990,050."
        ),
        "my_session_id = create_session(channel, hello_partition())\n"
        "sessions.pause_session(my_session_id)\n"
        "mine = create_payloads(channel, my_session_id, [Payload(p) for p in parts(100)])\n"
        "submit_all(channel, my_session_id, mine)": (
            "Only 0 of the 100 tasks in this session are COMPLETED."
        ),
        "sessions.resume_session(my_session_id)\n"
        "board.follow(channel, my_session_id, 100); board.wait()": "But the session is RUNNING.",
    },
    "09_when_things_go_wrong": {
        "my_task_id = submitted[0].id": "it is in another session",
        "_, found = tasks.list_tasks(Task.session_id == broken_id)\n"
        "my_task_id = [t.id for t in found if t.status == TaskStatus.COMPLETED][0]": (
            "This task is COMPLETED: it did its work."
        ),
        "_, found = tasks.list_tasks(Task.session_id == broken_id)\n"
        "my_task_id = [t.id for t in found if 'Task ' in (t.output.error or '')][0]": (
            "1 of its inputs. It is a victim."
        ),
        "my_task_id = found[0]": "This is the whole task. Its id is its attribute id.",
        "my_task_id = broken_id": "ArmoniK knows no task with the id",
    },
    "07_worker": {
        "my_armonik = 'mean_worker.py'": "This is an object of the class str.",
        "my_armonik = armonik": "The result cannot be read.",
        "my_armonik = start('mean_worker.py')": "but your worker has sent no result",
        "exec(exercise_07.code.replace('task.expected_results[0]', repr('mean')))": (
            "ArmoniK cannot store what it has sent: Result was not found"
        ),
        "my_armonik = start('mean_worker.py'); my_armonik.close()": "This ArmoniK has ended.",
        "exec(exercise_07.code.replace(' / len(numbers)', ''))": "answers 9; the mean is 3",
        "exec(exercise_07.code.replace('if not numbers', 'if False'))": (
            "without numbers your worker raises an exception"
        ),
        "exec(exercise_07.code.replace('Output(\"There', 'print(\"There').replace("
        "'if not numbers:', 'if not numbers:\\n        return Output()'))": (
            "without numbers the task is COMPLETED"
        ),
        "exec(exercise_07.code.replace('(task: TaskHandler)', '(task, other)'))": (
            "its function is given one argument, the task."
        ),
        "exec(exercise_07.code.replace('sum(numbers) /', 'nonsense /'))": (
            "your worker raises an exception: this execution is RETRIED"
        ),
    },
    "08_subtasks": {
        "my_result_id = data.payload_id": "No task gives this result.",
        "my_result_id = data.result_id": "A task has made the task of this result.",
        "my_result_id = task_id": "ArmoniK knows no result with the id",
        "d = create_payload(channel, my_session_id, Payload([1]))\n"
        "submit_task(channel, my_session_id, d)\n"
        "my_result_id = d.result_id": "The task of this result waits for 0 results.",
        "exec(exercise_08.code.replace('11, 21', '10, 20'))": "and its result is 200",
        "exec(exercise_08.code.replace('data_dependencies=halves,', '').replace("
        "'wait_for_results(', '(lambda *a, **k: 0)('))": "this result waits for 0 results.",
        "exec(exercise_08.code.replace('Payload(halves)', 'Payload([\"x\"])').replace("
        "'wait_for_results(', '(lambda *a, **k: 0)(') + '\\nimport time; time.sleep(0.5)')": (
            "But the result is ABORTED, and its task is ERROR."
        ),
    },
    "A_from_the_old_page": {
        "my_session_id = session_id": "there is no result named 'from the old page'.",
        "my_session_id = sessions": "this is an object of the class ArmoniKSessions",
        "with endpoint.open_channel() as c:\n"
        "    my_session_id = ArmoniKSessions(c).create_session(options, [partition])\n"
        "    ArmoniKResults(c).get_results_ids(my_session_id, ['from the old page'])": (
            "The result is announced. But the session is still RUNNING."
        ),
        "with endpoint.open_channel() as c:\n"
        "    my_session_id = ArmoniKSessions(c).create_session(options, [partition])\n"
        "    ArmoniKResults(c).create_results({'from the old page': b''}, my_session_id)\n"
        "    ArmoniKSessions(c).cancel_session(my_session_id)": "it was given data",
        "exec(exercise_a.code.replace('cancel_', 'close_'))": (
            "the session is CLOSED, and not CANCELLED"
        ),
    },
    "11_secure_channel": {
        "my_channel = armonik.endpoint": "This is a text, and no channel.",
        "my_channel = endpoint": "an object of the class Endpoint, and no channel",
        "my_channel = channel": "calls you armonik-client: that is not Ada's certificate.",
        "my_channel = create_channel(armonik.endpoint, client_certificate=ada_file)": (
            "no ArmoniK answers: UNAVAILABLE"
        ),
        "my_channel = create_channel(armonik.endpoint, certificate_authority=authority)": (
            "no ArmoniK answers: UNAVAILABLE"
        ),
        "my_channel = Endpoint.start_embedded().open_channel()": "calls you Anonymous",
        "my_channel = Endpoint.parse(plain).open_channel(); my_channel.close()": "closed already",
    },
    "12_own_application": {
        "my_armonik = 'julia_worker.py'": "This is an object of the class str.",
        "my_armonik = start('julia_worker.py')": "All pixels are 0: no point ever runs away.",
        "my_armonik = start('julia_worker.py'); my_armonik.close()": "This ArmoniK has ended.",
        "my_armonik = armonik": "pixels are right.",
        "exec(exercise_12.code.replace('> 2', '> 4'))": "of 48 pixels are right.",
        "exec(exercise_12.code.replace('z = complex(x, y)', 'z, c = 0j, complex(x, y)'))": (
            "These are the pixels of the Mandelbrot set."
        ),
        "exec(exercise_12.code.replace('complex(x, y)', 'nonsense'))": (
            "NameError: name 'nonsense' is not defined"
        ),
    },
}


@pytest.fixture(params=LESSONS, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    """Each lesson in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def lesson(name: str) -> Iterator[Kernel]:
    """The lesson, run up to its exercise, on an embedded ArmoniK that nobody has used yet.

    There is no network, as on a journey, and all proxies that are named are down.
    """
    parent = Path(os.environ[RUN])
    environment = {
        "HELLO_ARMONIK_DIR": folder(parent, f"l{number(name)}"),
        "AK_ENDPOINT": None,
        **DEAD_PROXY,
    }
    with Kernel(environment, network=False) as kernel:
        kernel.open(name)
        kernel.run_until("exercise")
        yield kernel
        kernel.say("from hello_helpers.embedded import stop_shared; stop_shared()")


def test_it_runs_without_a_network(lesson: Kernel) -> None:
    if not offline.command():
        pytest.skip("this machine lets nobody make a process without a network (unshare --net)")
    assert "['lo']" in lesson.say("import socket; [name for _, name in socket.if_nameindex()]")
    call = "socket.create_connection(('192.0.2.1', 80), timeout=1)"
    assert "Network is unreachable" in lesson.say(call)


def test_an_untouched_exercise_is_not_tried(lesson: Kernel) -> None:
    assert NOT_TRIED in lesson.run(cell_of(lesson.notebook, "exercise"))


def test_a_mistake_in_a_call_is_told_with_what_to_write(lesson: Kernel, name: str) -> None:
    lesson.say(
        "import grpc\nfrom armonik.common import TaskDefinition, TaskOptions, create_channel"
    )
    for typed, told in TYPED[name].items():
        shown = lesson.say(typed)
        for each in told:
            assert each in shown, (typed, shown)
        for never in ("Traceback", "No words were found", "ArmoniK refused the call with UNKNOWN"):
            assert never not in shown, (typed, shown)


def test_a_typical_mistake_is_told_with_what_to_do(lesson: Kernel, name: str) -> None:
    for code, message in WRONG[name].items():
        verdict = lesson.answer(code)
        assert "Not right yet." in verdict, (code, verdict)
        assert message in verdict, (code, verdict)


def test_a_hint_names_only_what_is_there(lesson: Kernel, name: str) -> None:
    exercise = getattr(exercises, f"exercise_{number(name).lower()}")
    here = set(lesson.say("print(*dir(), *dir(__builtins__))").split())
    hints = " ".join(exercise.hints)
    imported = set(re.findall(r"\bimport (\w+)", exercise.code)) - here
    known = here | (set(re.findall(r"\w+", exercise.code)) - imported)
    known |= set(re.findall(r"\bimport (\w+)", hints))
    called = set(re.findall(r"(?<![\w.@])([A-Za-z_]\w*)(?=(?:\.\w+)*\()", hints))
    assert called - known == set()


def test_the_solution_that_is_shown_is_right(lesson: Kernel, name: str) -> None:
    exercise = getattr(exercises, f"exercise_{number(name).lower()}")
    assert "Right!" in lesson.answer(exercise.code)


def test_the_lesson_runs_to_its_end_and_all_of_it_once_more(lesson: Kernel) -> None:
    lesson.run_from("exercise")
    lesson.run_all()
    assert NOT_TRIED in text(cell_of(lesson.notebook, "exercise"))
    end = text(cell_of(lesson.notebook, "end")).lower()
    assert "no error has happened in the background" in end


def test_after_all_cells_an_exercise_is_right_or_says_what_to_run(
    lesson: Kernel, name: str
) -> None:
    exercise = getattr(exercises, f"exercise_{number(name).lower()}")
    check = cell_of(lesson.notebook, "exercise").source.splitlines()[-1]
    shown = lesson.say(f"{exercise.code}\n{check}")
    assert "Right!" in shown or "Run All Above Selected Cell" in shown
    assert "Traceback" not in shown
