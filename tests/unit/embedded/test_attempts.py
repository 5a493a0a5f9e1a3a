"""An attempt belongs to the pod that its row names; and whatever a worker does, it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from types import SimpleNamespace
from typing import Any

import pytest
from armonik.protogen.common.worker_common_pb2 import ProcessRequest

from hello_helpers.embedded.compute_plane.agent_service import Agent
from hello_helpers.embedded.compute_plane.attempt import Attempt
from hello_helpers.embedded.compute_plane.long_road import LongRoad
from hello_helpers.embedded.compute_plane.outcome import Faults, Outcome, Verdict
from hello_helpers.embedded.compute_plane.staging import Staging
from hello_helpers.embedded.data_plane import cancellation, session_life, tasks
from hello_helpers.embedded.data_plane.attempts import PodIdentity
from hello_helpers.embedded.data_plane.states import SessionAction

from .world import Status, World, played

LARGE = bytes(70_000)  # too much for the table of small objects: copied in a thread
SUCCESS = Outcome(Verdict.SUCCESS)


class Pod(LongRoad):
    """A pod whose worker does what the test says, and is always well."""

    def __init__(self, world: World, name: str, work: Callable[[Staging], Outcome]) -> None:
        process: Any = SimpleNamespace(exited=asyncio.Event(), shared=None)
        super().__init__(process, world.plane, None)
        self.name = name
        self.ran = 0
        self._work = work
        self._world = world

    async def is_fit(self) -> bool:
        return True

    async def is_serving(self, _limit: float) -> bool:
        return True

    async def run(self, staging: Staging, _request: ProcessRequest, _limit: float) -> Outcome:
        self.ran += 1
        return self._work(staging)

    def next(self) -> asyncio.Task[bool]:
        """Take the next task of the queue and begin an attempt at it."""
        taken = self._world.plane.queues["default"].take_now()
        assert taken
        identity = PodIdentity("127.0.0.1", self.name)
        attempt = Attempt(self._world.plane, Agent(), self, Faults(), identity, taken.task_id)
        return asyncio.create_task(attempt.run())


class Copies:
    """Replaces the copying of large data: it begins, and ends when the test says so."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._begun: asyncio.Queue[threading.Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def copy(_opaque_id: bytes, _target: Path) -> None:
            end = threading.Event()
            loop.call_soon_threadsafe(self._begun.put_nowait, end)
            assert end.wait(10)

        monkeypatch.setattr(world.plane.objects, "copy_large", copy)

    async def begun(self) -> threading.Event:
        """Wait until a copy begins; setting what is returned ends it."""
        return await self._begun.get()


@dataclass
class TwoAttempts:
    """Two pods at one task: the first has lost it while it copied large data, the second has it."""

    task: str
    pods: list[Pod]
    attempts: list[asyncio.Task[bool]]
    copies: list[threading.Event]

    @classmethod
    async def begin(cls, world: World, monkeypatch: pytest.MonkeyPatch) -> TwoAttempts:
        copies = Copies(world, monkeypatch)
        task = world.task(world.result(), waits_for=world.result(data=LARGE))
        two = cls(
            task, [Pod(world, name, lambda _: SUCCESS) for name in ("first", "second")], [], []
        )
        for pod in two.pods:
            two.attempts.append(pod.next())
            two.copies.append(await copies.begun())
            if pod is two.pods[0]:
                for action in (SessionAction.PAUSE, SessionAction.RESUME):
                    await session_life.act(world.plane, world.session, action)
        return two

    @property
    def ran(self) -> list[int]:
        """How often each of the pods called its worker."""
        return [pod.ran for pod in self.pods]

    async def end(self, number: int) -> None:
        """Let a pod go on, and wait for the end of its attempt."""
        self.copies[number].set()
        assert await self.attempts[number]


@pytest.mark.parametrize(
    ("cancelled", "after_the_first", "after_the_second", "ran"),
    [
        pytest.param(
            False, Status.DISPATCHED, Status.COMPLETED, [0, 1], id="the second one runs the task"
        ),
        pytest.param(
            True, Status.CANCELLING, Status.CANCELLED, [0, 0], id="or sees to its cancellation"
        ),
    ],
)
@played
async def test_of_two_pods_that_stage_a_task_the_one_that_its_row_names_has_it(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    cancelled: bool,
    after_the_first: Status,
    after_the_second: Status,
    ran: list[int],
):
    two = await TwoAttempts.begin(world, monkeypatch)
    if cancelled:
        await cancellation.cancel_by_id(world.plane, [two.task])
    await two.end(0)
    assert tasks.get(world.plane, two.task)["pod_hostname"] == "second"
    assert world.status(two.task) is after_the_first
    await two.end(1)
    assert (world.status(two.task), two.ran) == (after_the_second, ran)


@played
async def test_a_task_that_is_deleted_while_two_pods_stage_it_is_run_by_none(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    two = await TwoAttempts.begin(world, monkeypatch)
    await session_life.delete(world.plane, world.session)
    await two.end(0)
    await two.end(1)
    assert two.ran == [0, 0]


@played
async def test_a_pod_is_told_of_the_cancellation_of_its_task_though_another_one_had_it_before(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    two = await TwoAttempts.begin(world, monkeypatch)
    calling = asyncio.Event()

    async def run(*_: object) -> Outcome:
        calling.set()
        await asyncio.Event().wait()  # it never comes back
        raise AssertionError

    monkeypatch.setattr(two.pods[1], "run", run)
    two.copies[1].set()
    await calling.wait()
    await two.end(0)
    await cancellation.cancel_by_id(world.plane, [two.task])
    assert await two.attempts[1]
    assert world.status(two.task) is Status.CANCELLED


def produce(data: Mapping[Any, bytes]) -> Callable[[Staging], Outcome]:
    return lambda staging: staging.produce(data) or SUCCESS


def announce(*result_ids: Any) -> Callable[[Staging], Outcome]:
    return lambda staging: staging.announce(result_ids) or SUCCESS


def unreadable(staging: Staging) -> Outcome:
    """Leaves a result behind a link that leads to itself."""
    staging.make_folder()
    result_id = staging.create(["loop"])[0].result_id
    (staging.folder / result_id).mkdir()
    staging.announce([result_id])
    return SUCCESS


STRANGE: dict[str, tuple[Callable[[Staging], Outcome], str]] = {
    "an error that no encoding knows": (
        lambda _: Outcome(Verdict.CRASH, "half \ud800 a character"),
        r"half \ud800 a character",
    ),
    "an error with a NUL": (lambda _: Outcome(Verdict.CRASH, "a\0b"), "a\0b"),
    "an error without end": (lambda _: Outcome(Verdict.CRASH, "x" * 10_000_000), "cut"),
    "a result that no encoding knows": (produce({"\ud800": b""}), "cannot be committed"),
    "a result that is no text": (produce({None: b""}), "cannot be committed"),
    "data that is no data": (produce({"r": None}), "cannot be committed"),  # type: ignore[dict-item]
    "a file that no encoding knows": (announce("\ud800"), "cannot be committed"),
    "a file that is a list": (announce(("a",)), "cannot be committed"),
    "a file that cannot be read": (unreadable, "cannot be committed"),
}


@pytest.mark.parametrize("strange", STRANGE)
@played
async def test_whatever_comes_from_a_worker_its_attempt_ends_with_words(
    world: World, strange: str
) -> None:
    work, words = STRANGE[strange]

    output = world.result()
    task = world.task(output)
    pod = Pod(world, "pod", work)
    for attempt, status in ((task, Status.RETRIED), (f"{task}###1", Status.ERROR)):
        assert await pod.next()
        assert world.status(attempt) is status
        error = tasks.get(world.plane, attempt)["error"]
        assert words in error
        assert len(error) < 1_000_000


def leave_a_file(staging: Staging) -> Outcome:
    (staging.folder / "notes").write_text("what nobody has announced")
    return SUCCESS


def leave_a_folder(staging: Staging) -> Outcome:
    (staging.folder / "more" / "and more").mkdir(parents=True)
    return SUCCESS


def leave_nothing(staging: Staging) -> Outcome:
    rmtree(staging.folder)
    return SUCCESS


def leave_a_link(staging: Staging) -> Outcome:
    mine = staging.folder.with_name("mine")
    mine.mkdir(exist_ok=True)
    (mine / "letter").touch()
    rmtree(staging.folder)
    staging.folder.symlink_to(mine)
    return SUCCESS


@pytest.mark.parametrize("leave", [leave_a_file, leave_a_folder, leave_nothing, leave_a_link])
@played
async def test_a_task_finds_nothing_of_the_one_before_and_its_folder_by_no_other_name(
    world: World, leave: Callable[[Staging], Outcome]
) -> None:
    found: list[tuple[Path, int]] = []
    mine = world.plane.folder / "shared" / "mine" / "letter"

    def work(staging: Staging) -> Outcome:
        found.append((staging.folder, len(list(staging.folder.iterdir()))))
        return leave(staging)

    pod = Pod(world, "pod", work)
    for _ in range(3):
        world.task(world.result())
        assert await pod.next()
    assert [files for _, files in found] == [1, 1, 1], "the payload"
    assert len({folder for folder, _ in found}) == 3
    assert not any(folder.is_dir() for folder, _ in found)
    assert mine.exists() == (leave is leave_a_link), "what a worker links to is not erased"


@played
async def test_of_a_long_error_those_who_depend_on_the_task_get_the_beginning(
    world: World,
) -> None:
    output = world.result()
    root, error = world.task(output), f"No room: {'x' * 100_000}"
    dependents = [world.task(world.result(), waits_for=output) for _ in range(3)]
    world.fail(root, error)
    assert tasks.get(world.plane, root)["error"] == error
    for dependent in dependents:
        told = tasks.get(world.plane, dependent)["error"]
        assert told.startswith(f"Task {root} failed:\nNo room: xxx")
        assert told.endswith("x…")
        assert len(told) < 3_000
