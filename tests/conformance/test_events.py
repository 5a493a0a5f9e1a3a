"""Event streams: the snapshot, the live events, what may be filtered (78 to 84)."""

import threading
import uuid

import pytest
from armonik.client import ArmoniKEvents
from armonik.common import EventTypes, ResultStatus, TaskStatus

from tests.listings import RESULTS, TASKS

from .driver import ArmoniK
from .waiting import eventually, is_status, shows, statuses_in


@pytest.mark.statement(78)
def test_a_result_that_is_already_complete_is_told_as_a_new_one(armonik: ArmoniK, session: str):
    result_id = armonik.create_data(session, b"there")
    with armonik.subscribe(
        session, EventTypes.NEW_RESULT, EventTypes.RESULT_STATUS_UPDATE
    ) as events:
        seen = events.until(lambda event: event.new_result.result_id == result_id)
    news = next(e for e in seen if e.new_result.result_id == result_id)
    assert news.session_id == session
    shows(news.new_result, status=ResultStatus.COMPLETED, owner_id=session)


@pytest.mark.statement(78)
def test_a_task_that_has_already_ended_is_told_as_a_new_one(armonik: ArmoniK, session: str):
    dependency = armonik.create_data(session, b"")
    done = armonik.submit(session, ["send", 0, "done"], dependencies=[dependency])
    armonik.wait_task(done.task_id, TaskStatus.COMPLETED)
    with armonik.subscribe(session, EventTypes.NEW_TASK) as events:
        seen = events.until(lambda event: event.new_task.task_id == done.task_id)
    (news,) = [event.new_task for event in seen]
    shows(
        news,
        status=TaskStatus.COMPLETED,
        payload_id=done.payload_id,
        origin_task_id=done.task_id,
        expected_output_keys=done.outputs,
        data_dependencies=[dependency],
        parent_task_ids=[session],
        retry_of_ids=[],
    )


@pytest.mark.statement(78)
def test_a_filtered_subscription_tells_only_what_it_asked_for(armonik: ArmoniK, session: str):
    wanted = armonik.create_data(session, b"wanted")
    armonik.create_data(session, b"unwanted")
    late = armonik.create_results(session, "late")[0]
    result_id = RESULTS.field("RESULT_ID")
    both = RESULTS.where(*([result_id.condition("EQUAL", id_)] for id_ in (wanted, late)))
    with armonik.subscribe(
        session,
        EventTypes.NEW_RESULT,
        EventTypes.RESULT_STATUS_UPDATE,
        results_filters=both,
    ) as events:
        events.until(lambda event: event.new_result.result_id == late)
        armonik.upload(session, armonik.create_results(session, "unwanted")[0], b"unwanted")
        armonik.upload(session, late, b"late")
        seen = events.until(
            lambda event: (
                event.result_status_update.result_id == late
                and event.result_status_update.status == ResultStatus.COMPLETED
            )
        )
    told = {event.new_result.result_id or event.result_status_update.result_id for event in seen}
    assert told == {wanted, late}


@pytest.mark.statement(78)
def test_what_is_there_is_told_results_first(armonik: ArmoniK, session: str):
    """Before any task: who sees a task knows the results that it names."""
    task = armonik.submit(session, ["send", 0, "x"])
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    with armonik.subscribe(session, EventTypes.NEW_TASK, EventTypes.NEW_RESULT) as events:
        seen = events.until(lambda event: event.new_task.task_id == task.task_id)
    told = [event.new_result.result_id or event.new_task.task_id for event in seen]
    assert set(told) == {task.payload_id, *task.outputs, task.task_id}
    assert told[-1] == task.task_id


@pytest.mark.statement(79)
def test_a_subscription_to_updates_only_begins_with_none(armonik: ArmoniK, session: str):
    old = armonik.submit(session, ["send", 0, "old"])
    armonik.wait_task(old.task_id, TaskStatus.COMPLETED)
    updates = [
        EventTypes.TASK_STATUS_UPDATE,
        EventTypes.RESULT_STATUS_UPDATE,
        EventTypes.RESULT_OWNER_UPDATE,
    ]
    with armonik.subscribe(session, *updates) as events:

        def change_something() -> list:
            armonik.upload(session, armonik.create_results(session, "fresh")[0], b"fresh")
            return list(events.seen)

        seen = eventually(change_something, bool)  # the stream is live when it tells a change
    kinds = {event.WhichOneof("update") for event in seen}
    assert kinds <= {
        "result_status_update",
        "result_owner_update",
    }  # the owner's may be superfluous
    told = {event.result_status_update.result_id for event in seen}
    assert not told & {*old.outputs}


@pytest.mark.statement(80)
@pytest.mark.statement(84)
def test_no_types_means_all_types_and_a_result_is_complete_before_its_task_is(
    armonik: ArmoniK, session: str
):
    sentinel = armonik.create_data(session, b"")
    with armonik.subscribe(session) as events:
        events.until(lambda event: event.new_result.result_id == sentinel)
        task = armonik.submit(session, ["send", 0, "done"])
        result_id = task.outputs[0]
        events.until(is_status(task.task_id, TaskStatus.COMPLETED))
        seen = events.until(  # there is no order between events of tasks and those of results
            lambda event: (
                event.result_status_update.result_id == result_id
                and event.result_status_update.status == ResultStatus.COMPLETED
            )
        )
    assert {event.WhichOneof("update") for event in seen} == {
        "new_task",
        "task_status_update",
        "new_result",
        "result_status_update",
        "result_owner_update",
    }
    owners = [e.result_owner_update for e in seen if e.result_owner_update.result_id == result_id]
    shows(owners[-1], current_owner_id=task.task_id, previous_owner_id="")
    ended_at = armonik.task(task.task_id).ended_at.ToNanoseconds()
    assert armonik.result(result_id).completed_at.ToNanoseconds() <= ended_at


@pytest.mark.parametrize(
    ("known", "types"),
    [
        pytest.param(True, [EventTypes.UNSPECIFIED], marks=pytest.mark.statement(80)),
        pytest.param(False, [], marks=pytest.mark.statement(82)),
    ],
    ids=["the unspecified type alone", "an unknown session"],
)
def test_a_stream_with_nothing_to_tell_stays_open_and_silent(
    armonik: ArmoniK, session: str, known: bool, types: list[int]
):
    armonik.create_data(session, b"")
    with armonik.subscribe(session if known else str(uuid.uuid4()), *types) as events:
        armonik.create_data(session, b"")
        assert (events.quiet(0.5), events.seen) == (True, [])


@pytest.mark.statement(81)
@pytest.mark.parametrize("name", ["STATUS", "ENDED_AT"])
def test_events_of_tasks_can_be_filtered_by_status_and_by_date(
    armonik: ArmoniK, session: str, name: str
):
    payload = armonik.create_results(session, "payload")[0]
    waiting = armonik.submit(session, payload_id=payload)
    done = armonik.submit(session, ["send", 0, "x"])
    armonik.wait_task(done.task_id, TaskStatus.COMPLETED)
    field = TASKS.field(name)
    ended = (
        field.condition("EQUAL", TaskStatus.COMPLETED)
        if field.kind == "status"
        else field.condition("AFTER", 10**9)
    )
    updates = (EventTypes.NEW_TASK, EventTypes.TASK_STATUS_UPDATE)
    with armonik.subscribe(session, *updates, tasks_filters=TASKS.where([ended])) as events:
        events.until(lambda event: event.new_task.task_id == done.task_id)
        armonik.upload(session, payload, b'{"do": [["send", 0, "x"]]}')
        seen = events.until(is_status(waiting.task_id, TaskStatus.COMPLETED))
    assert {status for task in (done, waiting) for status in statuses_in(seen, task.task_id)} == {
        TaskStatus.COMPLETED
    }


@pytest.mark.statement(81)
@pytest.mark.parametrize("name", ["STATUS", "COMPLETED_AT"])
def test_events_of_results_can_be_filtered_by_status_and_by_date(
    armonik: ArmoniK, session: str, name: str
):
    late = armonik.create_results(session, "late")[0]
    there = armonik.create_data(session, b"there")
    field = RESULTS.field(name)
    complete = (
        field.condition("EQUAL", ResultStatus.COMPLETED)
        if field.kind == "status"
        else field.condition("AFTER", 10**9)
    )
    with armonik.subscribe(
        session,
        EventTypes.NEW_RESULT,
        EventTypes.RESULT_STATUS_UPDATE,
        results_filters=RESULTS.where([complete]),
    ) as events:
        events.until(lambda event: event.new_result.result_id == there)
        armonik.upload(session, late, b"late")
        seen = events.until(lambda event: event.result_status_update.result_id == late)
    told = [
        event.new_result if event.HasField("new_result") else event.result_status_update
        for event in seen
    ]
    assert {(news.result_id, news.status) for news in told} == {
        (there, ResultStatus.COMPLETED),
        (late, ResultStatus.COMPLETED),
    }


@pytest.mark.statement(81)
def test_events_can_be_filtered_by_task_id_and_by_options(armonik: ArmoniK, session: str):
    options = armonik.options(options={"color": "red"})
    red = armonik.submit(session, ["send", 0, "x"], task_options=options)
    blue = armonik.submit(session, ["send", 0, "x"])
    armonik.wait_task(red.task_id, TaskStatus.COMPLETED)
    armonik.wait_task(blue.task_id, TaskStatus.COMPLETED)
    for condition, task_id in (
        (TASKS.option("color").condition("EQUAL", "red"), red.task_id),
        (TASKS.field("TASK_ID").condition("EQUAL", blue.task_id), blue.task_id),
    ):
        only = TASKS.where([condition])
        with armonik.subscribe(session, EventTypes.NEW_TASK, tasks_filters=only) as events:
            seen = events.until(lambda event, task_id=task_id: event.new_task.task_id == task_id)
            assert len(seen) == 1


@pytest.mark.statement(82)
def test_a_stream_stays_open_when_there_is_nothing_more_to_tell(armonik: ArmoniK, session: str):
    result_id = armonik.create_data(session, b"")
    armonik.move("Close", session)
    with armonik.subscribe(session) as events:
        events.until(lambda event: event.new_result.result_id == result_id)
        assert events.quiet(0.5)


@pytest.mark.statement(83)
def test_the_clients_wait_returns_when_results_are_complete(armonik: ArmoniK, session: str):
    first = armonik.submit(session, ["send", 0, "at once"])
    second, gate = armonik.submit_busy(session, ["send", 0, "later"])
    outputs = [*first.outputs, *second.outputs]
    armonik.wait_result(outputs[0], ResultStatus.COMPLETED)
    threading.Timer(0.2, armonik.upload, (session, gate, b"open")).start()
    events = ArmoniKEvents(armonik.channel)
    events.wait_for_result_availability(outputs, session)
    assert [armonik.data(session, output) for output in outputs] == [b"at once", b"later"]


@pytest.mark.statement(83)
@pytest.mark.parametrize("when", ["before", "while"])
def test_the_clients_wait_raises_when_a_result_is_aborted(
    armonik: ArmoniK, session: str, when: str
):
    task, gate = armonik.submit_busy(session, ["error", "no"])
    if when == "before":
        armonik.upload(session, gate, b"open")
        armonik.wait_result(task.outputs[0], ResultStatus.ABORTED)
    else:
        threading.Timer(0.2, armonik.upload, (session, gate, b"open")).start()
    events = ArmoniKEvents(armonik.channel)
    with pytest.raises(RuntimeError, match="aborted"):
        events.wait_for_result_availability(task.outputs, session)
