"""Whose a task is, and what that means for its turn: in submissions, cancellations and restarts."""

from pathlib import Path

import pytest

from hello_helpers.embedded.config import QueueRules
from hello_helpers.embedded.data_plane import cancellation, recovery, sessions, submission, tasks
from hello_helpers.embedded.data_plane.options import TaskOptions
from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.data_plane.session_life import act, delete
from hello_helpers.embedded.data_plane.shares import LABEL
from hello_helpers.embedded.data_plane.states import SessionAction, SessionStatus, TaskStatus
from hello_helpers.embedded.data_plane.submission import TaskCreation
from hello_helpers.embedded.errors import InvalidArgument, StartError
from hello_helpers.embedded.tls import CLIENT_NAME
from hello_helpers.labels import course_labels, own_labels

from .world import World, played


def session(world: World, learner: str = "", caller: str = "") -> str:
    options = TaskOptions(max_retries=1, priority=1, options={LABEL: learner} if learner else {})
    return sessions.create(world.plane, options, [], caller)


def learner_of(world: World, session_id: str) -> str:
    return world.plane.shares.of(session_id).learner


def order(plane: DataPlane) -> list[str]:
    """Take everything off the queue; return the ids."""
    found = []
    while taken := plane.queues["default"].take_now():
        found.append(taken.task_id)
    return found


def test_a_learner_is_known_by_the_certificate_then_the_label_then_the_session(world: World):
    certified = session(world, learner="ada", caller="grace")
    labelled, again = session(world, learner="ada"), session(world, learner="ada")
    shared = session(world, learner="ada", caller=CLIENT_NAME)  # a certificate of nobody's own
    unknown, other = session(world), session(world)
    assert learner_of(world, certified) == learner_of(world, session(world, caller="grace"))
    assert learner_of(world, labelled) == learner_of(world, again) == learner_of(world, shared)
    every = {learner_of(world, each) for each in (certified, labelled, unknown, other)}
    assert len(every) == 4
    assert world.plane.shares.of(labelled) != world.plane.shares.of(again)


def test_a_label_cannot_be_made_to_look_like_a_session_of_somebody_else(world: World):
    victim = session(world)
    assert learner_of(world, session(world, learner=victim)) != learner_of(world, victim)


@pytest.mark.parametrize("labels", [course_labels, own_labels])
def test_the_lessons_label_their_sessions_under_the_same_key(labels):
    assert LABEL in labels()


def test_learners_take_turns_and_their_order_survives_a_restart(world: World):
    bulk, one, two = session(world, "bulk"), session(world, "polite"), session(world, "polite")
    many = [world.task(session=bulk) for _ in range(4)]
    first, second = world.task(session=one), world.task(session=two)
    again = DataPlane(world.plane.folder)
    recovery.recover(again)
    after = order(again)
    again.close()
    assert order(world.plane) == after == [many[0], first, many[1], second, many[2], many[3]]


def test_with_first_come_the_order_is_that_of_arrival(tmp_path: Path):
    world = World(tmp_path / "data", QueueRules(first_come=True))
    ids = [world.task(session=session(world, name)) for name in ("a", "a", "a", "b", "a")]
    assert order(world.plane) == ids
    world.plane.close()


@played
async def test_what_is_cancelled_paused_or_deleted_leaves_the_queue(tmp_path: Path):
    world = World(tmp_path / "data")
    queue = world.plane.queues["default"]
    ids = [world.task() for _ in range(6)]
    await cancellation.cancel_by_id(world.plane, ids[:2])
    assert len(queue) == 4
    await act(world.plane, world.session, SessionAction.PAUSE)
    assert len(queue) == 0
    await act(world.plane, world.session, SessionAction.RESUME)
    assert len(queue) == 4
    await delete(world.plane, world.session)
    assert len(queue) == 0
    world.plane.close()


def test_a_limit_of_priorities_holds_for_sessions_and_tasks(tmp_path: Path):
    world = World(tmp_path / "data", QueueRules(max_priority=3))
    payload = world.result(data=b"x")
    for priority in (3, 4):
        options = TaskOptions(max_retries=1, priority=priority)
        creation = TaskCreation(payload, (world.result(),), (), options)
        if priority == 3:
            sessions.create(world.plane, options, [])
            (task,) = submission.submit(world.plane, world.session, [creation], None)
            assert tasks.get(world.plane, task.task_id)["priority"] == 3
            continue
        for refused in (
            lambda o=options: sessions.create(world.plane, o, []),
            lambda c=creation: submission.submit(world.plane, world.session, [c], None),
        ):
            with pytest.raises(InvalidArgument, match="Max priority is 3, not 4"):
                refused()
    world.plane.close()


@pytest.mark.parametrize("priority", [0, 11])
def test_a_limit_that_no_queue_has_is_refused(priority: int):
    with pytest.raises(StartError, match="can be 1 to 10"):
        QueueRules(max_priority=priority)


def test_first_come_first_served_and_a_pod_left_for_others_cannot_both_be():
    with pytest.raises(StartError, match="both cannot be"):
        QueueRules(first_come=True, leave_one_pod=True)


def test_a_pause_that_was_cut_off_goes_on_at_the_next_start_before_any_pod_looks(world: World):
    ids = [world.task() for _ in range(5)]
    with world.plane.transaction() as tx:  # as the first transaction of a pause leaves it
        paused = (int(SessionStatus.PAUSED), world.session)
        tx.execute("UPDATE session SET status = ? WHERE session_id = ?", paused)
    again = DataPlane(world.plane.folder)
    recovery.recover(again)
    assert {tasks.get(again, id_)["status"] for id_ in ids} == {TaskStatus.PAUSED}
    assert order(again) == []
    again.close()
