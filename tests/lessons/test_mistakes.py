"""What a lesson says to natural mistakes of learners: what is wrong with their line, what to write.

Each is typed into the lesson's own notebook, before its exercise.
"""

from collections.abc import Iterator

import pytest

from tests.lessons.running import Kernel

pytestmark = pytest.mark.embedded_only

CHANNEL = {
    "create_channel(endpoint)": (
        "create_channel wants a text as uri, and got an Endpoint.",
        "Its address is endpoint.url.",
    ),
    "ArmoniKVersions(endpoint).list_versions()": (
        "ArmoniKVersions wants a channel as grpc_channel, and got an Endpoint.",
        "Write endpoint.open_channel(), or the channel that is open.",
    ),
    "create_channel(endpoint.url, options=endpoint.channel_option)": (
        "endpoint is an Endpoint, and that has no 'channel_option'.",
        "Did you mean channel_options?",
    ),
    "ArmoniKVersions(channel).list_version()": ("Did you mean list_versions?",),
    "ArmoniKVersions().list_versions()": (
        "missing 1 required positional argument: 'grpc_channel'.",
        "It is called so: ArmoniKVersions(grpc_channel).",
    ),
}

SESSION = {
    "sessions.create_session(TaskOptions(max_duration=60, priority=1, max_retries=2))": (
        "create_session wants a timedelta as max_duration of default_task_options, and got 60.",
        "Write timedelta(seconds=60); timedelta is in datetime.",
    ),
    "sessions.create_session(TaskOptions(timedelta(seconds=1), 'high', 2))": (
        "wants a whole number as priority of default_task_options, and got 'high'.",
    ),
    "sessions.create_session(options, partition_ids='default')": (
        "create_session wants a list as partition_ids, and got 'default'.",
        "a list, with one in it.",
    ),
    "sessions.get_session(sessions)": (
        "get_session wants a text as session_id, and got an ArmoniKSessions.",
    ),
    "TaskOptions(priority=1)": ("It is called so: TaskOptions(max_duration, priority, ",),
}

PAYLOAD = {
    "pair = Payload([1, 2])\nresults.create_results({'payload': pair}, session_id)": (
        "create_results wants bytes as results_data['payload'], and got a Payload.",
        "Write pair.serialize(): its bytes.",
        "It happened here: results.create_results({'payload': pair}, session_id)",
    ),
    "results.create_results({'payload': 'text'}, session_id)": ("Write 'text'.encode()",),
    "results.create_results({'payload': [1, 2]}, session_id)": (
        "wants bytes as results_data['payload'], and got a list.",
        "json.dumps(…).encode()",
    ),
    "results.create_results(Payload([1]).serialize(), session_id)": (
        "create_results wants a dictionary as results_data",
        'Give it a name: {"payload": …}.',
    ),
    "results.create_results(session_id, {'payload': b'1'})": (
        "Its arguments are, in this order: results_data, session_id, batch_size.",
    ),
}

TASK = {
    "from armonik.common import TaskDefinition\n"
    "infos = results.create_results_metadata(['a'], session_id)\n"
    "mine = TaskDefinition('payload', [infos['a'].result_id])\n"
    "tasks.submit_tasks(session_id, mine)": (
        "submit_tasks wants a list as tasks, and got a TaskDefinition.",
        "Write [mine]: a list, with one in it.",
    ),
    "tasks.submit_tasks(session_id, [TaskDefinition('p', ['r'], data_dependencies=[infos])])": (
        "submit_tasks wants a text as data_dependencies[0] of tasks[0], and got a dictionary.",
        'infos["..."].result_id.',
    ),
    "tasks.submit_tasks(session_id, [TaskDefinition('p', [infos['a']])])": ("….result_id: its id",),
    "tasks.submit_tasks(session_id, ['p'])": (
        "submit_tasks wants a TaskDefinition as tasks[0], and got 'p'.",
    ),
    "tasks.get_task(mine)": ("get_task wants a text as task_id, and got a TaskDefinition.",),
}

WAIT = {
    "from hello_helpers import wait_for_results\n"
    "one_id = results.create_results_metadata(['a'], session_id)['a'].result_id\n"
    "result_id = one_id\n"
    "wait_for_results(channel, result_id, session_id)": (
        "wait_for_results wants the id of a session as session_id, and got result_id.",
        "Its arguments are, in this order: channel, session_id, result_ids, ",
    ),
    "wait_for_results(channel, session_id, result_id)": (
        "wait_for_results wants a list as result_ids",
        "Write [result_id]: a list, with one in it.",
    ),
    "wait_for_results(endpoint, session_id, [result_id])": (
        "wait_for_results wants a channel as channel, and got an Endpoint.",
    ),
    "results.download_result_data(session_id, result_id)": (
        "download_result_data wants the id of a result as result_id, and got session_id.",
        "Its arguments are, in this order: result_id, session_id.",
    ),
}

TYPED = {
    "01_channel": CHANNEL,
    "02_session": SESSION,
    "03_payload": PAYLOAD,
    "04_submit": TASK,
    "05_wait": WAIT,
}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        yield kernel


@pytest.mark.parametrize("name", TYPED)
def test_a_mistake_in_a_call_is_told_with_what_to_write(name: str, kernel: Kernel) -> None:
    kernel.open(name)
    kernel.run_until("exercise")
    kernel.say("from armonik.common import TaskOptions, create_channel")
    for typed, told in TYPED[name].items():
        shown = kernel.say(typed)
        for each in (*told, f"It happened here: {typed.splitlines()[-1]}"):
            assert each in shown, typed
        assert "Traceback" not in shown, typed
        assert "ArmoniK refused" not in shown, typed


def test_a_mistake_beside_a_check_leaves_its_hints_in_sight(kernel: Kernel) -> None:
    kernel.open("05_wait")
    kernel.run_until("exercise")
    shown = kernel.say(
        "from hello_helpers.exercises import exercise_05\n"
        "exercise_05.check(endpoint, results.download_result_dat('x', session_id))"
    )
    assert "Did you mean download_result_data" in shown
    assert "Hints: exercise_05.hint(1) to exercise_05.hint(" in shown
    assert "exercise_05.solution()" in shown


def test_the_whole_traceback_is_folded_away_below(kernel: Kernel) -> None:
    kernel.say("channel = None")
    kernel.say("from hello_helpers import create_session")
    page = kernel.pages("create_session(channel)")
    assert "<details><summary>The whole traceback</summary>" in page
    assert "in create_session" in page
    assert "File &quot;steps.py&quot;" in page
    assert "File &quot;/" not in page  # no folder of this machine is kept in the notebook


def test_what_is_right_is_not_called_a_mistake(kernel: Kernel) -> None:
    kernel.open("05_wait")
    kernel.run_until("exercise")
    shown = kernel.say("results.download_result_data('no-such-result', session_id)")
    assert "ArmoniK's answer is NOT_FOUND" in shown or "refused the call with NOT_FOUND" in shown
