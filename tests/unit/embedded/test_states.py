"""Sessions, tasks and results go through ArmoniK's states, and never off the graph."""

from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from armonik.protogen.common import result_status_pb2, session_status_pb2, task_status_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.data_plane import tasks
from hello_helpers.embedded.data_plane.feed import Change, ChangeKind
from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.data_plane.states import (
    FINAL_TASK,
    MOVES,
    ResultStatus,
    SessionAction,
    SessionStatus,
    TaskStatus,
    session_after,
)
from hello_helpers.embedded.errors import FailedPrecondition

from .listed import insert_tasks

QUICK = settings(deadline=None, database=None)

SENT_BY_NOBODY = {"UNSPECIFIED", "NOTFOUND"}


@pytest.mark.parametrize(
    ("ours", "enumeration"),
    [
        (SessionStatus, session_status_pb2.SessionStatus),
        (TaskStatus, task_status_pb2.TaskStatus),
        (ResultStatus, result_status_pb2.ResultStatus),
    ],
)
def test_the_states_have_the_names_and_numbers_of_the_api(ours: type[IntEnum], enumeration: Any):
    prefix = enumeration.Name(0).removesuffix("UNSPECIFIED")
    theirs = {name.removeprefix(prefix): number for name, number in enumeration.items()}
    assert {status.name: int(status) for status in ours} == {
        name: number for name, number in theirs.items() if name not in SENT_BY_NOBODY
    }


# Sessions

ALLOWED = {
    "pause": {"RUNNING": "PAUSED"},
    "resume": {"PAUSED": "RUNNING", "RUNNING": "RUNNING"},
    "cancel": {"RUNNING": "CANCELLED", "PAUSED": "CANCELLED", "CLOSED": "CANCELLED"},
    "close": {"RUNNING": "CLOSED", "PAUSED": "CLOSED"},
    "purge": {"CLOSED": "PURGED", "CANCELLED": "PURGED"},
}


@pytest.mark.parametrize("action", SessionAction)
@pytest.mark.parametrize("status", SessionStatus)
def test_an_action_leads_where_armonik_says_or_is_refused(
    action: SessionAction, status: SessionStatus
):
    expected = ALLOWED[action.value].get(status.name)
    if expected is not None:
        assert session_after(action, status).name == expected
        return
    with pytest.raises(FailedPrecondition, match=rf"cannot {action.value} .* {status.name}"):
        session_after(action, status)


@QUICK
@given(actions=st.lists(st.sampled_from(SessionAction), max_size=12))
def test_no_sequence_of_actions_brings_a_session_back_from_its_end(actions: list[SessionAction]):
    life = [SessionStatus.RUNNING]
    for action in actions:
        try:
            life.append(session_after(action, life[-1]))
        except FailedPrecondition:
            continue
    order = {"RUNNING": 0, "PAUSED": 0, "CLOSED": 1, "CANCELLED": 2, "PURGED": 3}
    stages = [order[status.name] for status in life]
    assert stages == sorted(stages)


# Tasks


def test_every_status_of_a_task_has_its_moves_and_none_leads_to_itself_or_back_to_creating():
    assert set(MOVES) == set(TaskStatus)
    for status, targets in MOVES.items():
        assert not targets & {status, TaskStatus.CREATING}


def closure(first: set[TaskStatus], moves: dict[TaskStatus, set[TaskStatus]]) -> set[TaskStatus]:
    """What can be reached from some statuses."""
    found = set(first)
    while more := {after for status in found for after in moves[status]} - found:
        found |= more
    return found


def test_a_final_task_stays_as_it_is_and_no_other_one_is_stuck_or_out_of_reach():
    used = set(TaskStatus) - {TaskStatus.PROCESSED}
    assert {status for status in used if not MOVES[status]} == FINAL_TASK
    assert closure({TaskStatus.CREATING}, MOVES) == used
    backwards = {status: {before for before in used if status in MOVES[before]} for status in used}
    assert closure(FINAL_TASK, backwards) == used


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Any:
    plane = DataPlane(Path(tmp_path_factory.mktemp("plane")))
    yield plane
    plane.close()


@QUICK
@given(wishes=st.lists(st.sampled_from(TaskStatus), max_size=15))
def test_whatever_is_wished_for_a_task_its_row_stays_on_the_graph(
    plane: DataPlane, wishes: list[TaskStatus]
):
    with plane.transaction() as tx:
        tx.execute("DELETE FROM task")
        insert_tasks(tx, [{"task_id": "t", "session_id": "s", "status": TaskStatus.CREATING}])
    life = [TaskStatus.CREATING]
    with plane.feed.subscribe("s") as subscription:
        for wish in wishes:
            with plane.transaction() as tx:
                moved = tasks.move(plane, tx, tasks.get(plane, "t"), wish)
            assert moved == (wish in MOVES[life[-1]])
            life += [wish] if moved else []
            assert tasks.get(plane, "t")["status"] == life[-1]
        told = list(subscription._changes)
    assert told == [Change(ChangeKind.TASK_STATUS, "s", "t", status) for status in life[1:]]
