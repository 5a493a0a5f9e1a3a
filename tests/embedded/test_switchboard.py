"""The failure switchboard: what it breaks looks as if it had broken by itself."""

from collections.abc import Iterator
from datetime import timedelta

import grpc
import pytest
from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import (
    EventTypes,
    TaskDefinition,
    TaskOptions,
    TaskStatus,
    create_channel,
)

from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.embedded.switchboard import Switchboard, SwitchboardError
from hello_helpers.messages import Payload, Result
from tests.conformance.driver import FINAL

pytestmark = pytest.mark.embedded_only


class Hello:
    """Runs hello tasks in a session of its own, and follows them to their end."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.sessions = ArmoniKSessions(channel)
        self.session_id = self.sessions.create_session(TaskOptions(timedelta(seconds=20), 1, 3))

    def submit(self, max_duration: float = 20) -> tuple[str, str]:
        results = ArmoniKResults(self.channel)
        payload = results.create_results({"p": Payload([1, 2]).serialize()}, self.session_id)
        output = results.create_results_metadata(["o"], self.session_id)["o"].result_id
        options = TaskOptions(timedelta(seconds=max_duration), 1, 3)
        definition = TaskDefinition(payload["p"].result_id, [output])
        [task] = ArmoniKTasks(self.channel).submit_tasks(
            self.session_id, [definition], default_task_options=options
        )
        return task.id, output

    def end_of(self, task_id: str) -> tuple[TaskStatus, str]:
        """Wait for the end of a task; return its status and its error."""
        ArmoniKEvents(self.channel).get_events(
            self.session_id,
            [EventTypes.NEW_TASK, EventTypes.TASK_STATUS_UPDATE],
            [lambda _, __, event: event.task_id == task_id and event.status in FINAL],
        )
        task = ArmoniKTasks(self.channel).get_task(task_id)
        return task.status, task.output.error if task.output else ""

    def succeeds(self) -> None:
        """Show that a new task runs."""
        task_id, output = self.submit()
        assert self.end_of(task_id)[0] == TaskStatus.COMPLETED
        assert self.value(output) == 3

    def value(self, result_id: str) -> float:
        data = ArmoniKResults(self.channel).download_result_data(result_id, self.session_id)
        return Result.deserialize(data).value


@pytest.fixture(scope="module")
def armonik() -> Iterator[EmbeddedArmonik]:
    with EmbeddedArmonik(pods=1, switchboard=True) as armonik:
        yield armonik


@pytest.fixture
def switchboard(armonik: EmbeddedArmonik) -> Iterator[Switchboard]:
    assert armonik.switchboard is not None
    yield armonik.switchboard
    armonik.switchboard.repair()


@pytest.fixture
def hello(armonik: EmbeddedArmonik) -> Iterator[Hello]:
    with create_channel(armonik.endpoint) as channel:
        yield Hello(channel)


def test_there_is_none_unless_it_was_asked_for():
    with EmbeddedArmonik(pods=1) as armonik:
        assert armonik.switchboard is None


def test_the_next_task_can_fail_with_a_text_and_the_one_after_it_runs(
    switchboard: Switchboard, hello: Hello
):
    switchboard.fail_next(text="no luck today")
    assert hello.end_of(hello.submit()[0]) == (TaskStatus.ERROR, "no luck today")
    hello.succeeds()


def test_a_crash_is_retried_and_the_retry_succeeds(switchboard: Switchboard, hello: Hello):
    switchboard.fail_next(kind="crash", text="ValueError: boom", count=2)
    task_id, output = hello.submit()
    status, error = hello.end_of(task_id)
    assert status == TaskStatus.RETRIED
    assert "ValueError: boom" in error
    assert hello.end_of(f"{task_id}###2")[0] == TaskStatus.COMPLETED
    assert hello.value(output) == 3


def test_a_hanging_task_times_out(switchboard: Switchboard, hello: Hello):
    switchboard.fail_next(kind="hang")
    task_id, _ = hello.submit(max_duration=0.2)
    assert hello.end_of(task_id) == (TaskStatus.TIMEOUT, "Deadline Exceeded")


def test_every_task_fails_until_the_repair(switchboard: Switchboard, hello: Hello):
    switchboard.fail_all()
    ends = [hello.end_of(hello.submit()[0])[0] for _ in range(3)]
    assert ends == [TaskStatus.ERROR] * 3
    switchboard.repair()
    hello.succeeds()


def test_a_killed_worker_is_replaced(switchboard: Switchboard, hello: Hello):
    switchboard.kill_worker()
    task_id, output = hello.submit()
    if hello.end_of(task_id)[0] == TaskStatus.RETRIED:  # it was sent before the pod noticed
        assert hello.end_of(f"{task_id}###1")[0] == TaskStatus.COMPLETED
    assert hello.value(output) == 3


def test_an_absent_control_plane_breaks_calls_and_comes_back_with_everything(
    switchboard: Switchboard, hello: Hello
):
    switchboard.make_unreachable(seconds=0.5)
    with pytest.raises(grpc.RpcError) as refused:
        hello.sessions.get_session(hello.session_id)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    grpc.channel_ready_future(hello.channel).result(timeout=20)
    assert hello.sessions.get_session(hello.session_id).session_id == hello.session_id


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (lambda board: board.fail_next("nowhere"), "no partition 'nowhere', only default"),
        (lambda board: board.fail_next(kind="explode"), "'explode' is not a valid FaultKind"),
        (lambda board: board.fail_next(count=0), "count must be at least 1"),
        (lambda board: board.kill_worker(pod=7), "no 7"),
        (lambda board: board.make_unreachable(-1), "seconds must be"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_words(
    switchboard: Switchboard, order, words: str
):
    with pytest.raises(SwitchboardError, match=words):
        order(switchboard)


def test_after_the_end_an_order_says_so_and_shows_no_traceback():
    with EmbeddedArmonik(pods=1, switchboard=True) as embedded:
        switchboard = embedded.switchboard
    with pytest.raises(SwitchboardError, match="it has ended") as caught:
        switchboard.repair()
    (shown,) = caught.value._render_traceback_()
    assert "Start it again: what comes with EmbeddedArmonik(...)" in shown
