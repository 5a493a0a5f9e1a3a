"""A rehearsal: a class with certificates does lessons 00 to 05 on its server, and thinks between.

Learners are threads of this process; each has the file of a learner, and makes the calls that the
lessons make, with the helpers that the lessons use. Each waits in between, as somebody does who
reads; at last all run the same cell at the same moment.
"""

from __future__ import annotations

import contextlib
import random
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import psutil
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition

from hello_helpers import messages, steps
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.class_view import AGAIN
from hello_helpers.course.learners import learners
from hello_helpers.course.sessions import course_sessions, lesson_options
from hello_helpers.display.tables import Table
from hello_helpers.errors import WaitError
from tests.class_server import ClassServer

SIZES = (30, 60, 100, 300)
PATIENCE = 60.0
LOOK = 5.0  # seconds between two looks of the teacher
LARGE = bytes(5_000_000)  # as in lesson 03
AT_ONCE = "all at the same moment"
HEADER = (
    "learners",
    "cells a second",
    "median",
    "99 of 100",
    "longest",
    "failed",
    "server",
    "workers",
    "memory",
    "files",
    "machine",
    "`learners`",
)


@dataclass
class Times:
    """How long cells took, by what they were about; and what went wrong."""

    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def of(self, what: str, who: str = "") -> Iterator[None]:
        """Measure the block; an error in it is written down, and that is all."""
        began = time.perf_counter()
        try:
            yield
        except grpc.RpcError as error:
            self.wrong.append(f"{who}, {what}: {error.code().name}: {error.details()}")
        except Exception as error:
            self.wrong.append(f"{who}, {what}: {error!r}")
        else:
            self.taken[what].append(time.perf_counter() - began)


class Pupil:
    """One of the class, who runs the cells of the lessons in their order."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self.name = name
        self._endpoint, self._labels = endpoint, {"hello": "course", "learner": name}
        self._channel = endpoint.open_channel()

    def cells(self) -> list[tuple[str, Callable[[], None]]]:
        """Return what there is to run, with the lesson that it is in."""
        return [
            ("00", self.check),
            ("00", lambda: self.hello("00")),
            ("01", self.check),
            ("02", self.create_session),
            ("02", self.change_states),
            ("03", self.pick_up),
            ("03", self.store),
            ("03", self.store_much),
            ("04", self.pick_up),
            ("04", lambda: self.hello("04")),
            ("04", lambda: self.hello("04")),
            ("05", self.pick_up),
            ("05", lambda: self.hello("05")),
            ("05", self.fail),
            ("05", lambda: self.hello("05")),
        ]

    def check(self) -> None:
        """A channel of its own, as the doctor's and the form's."""
        self._endpoint.check(PATIENCE)

    def create_session(self) -> None:
        self._session = steps.create_session(self._channel, "default", self._labels)
        ArmoniKSessions(self._channel).get_session(self._session)

    def change_states(self) -> None:
        sessions = ArmoniKSessions(self._channel)
        spare = steps.create_session(self._channel, "default", {})
        sessions.pause_session(spare)
        sessions.resume_session(spare)
        sessions.close_session(spare)
        sessions.cancel_session(spare)

    def pick_up(self) -> None:
        """The first cell: a new channel, and the session of the lesson before."""
        self._channel.close()
        self._channel = self._endpoint.open_channel()
        (found,) = course_sessions(self._channel, self._labels, "default", page_size=1)
        assert found.session_id == self._session

    def store(self) -> None:
        data = steps.create_payload(self._channel, self._session, messages.Payload([1, 2, 3]))
        results = ArmoniKResults(self._channel)
        results.get_result(data.result_id)
        results.download_result_data(data.payload_id, self._session)

    def store_much(self) -> None:
        results = ArmoniKResults(self._channel)
        large = results.create_results_metadata(["large"], self._session)["large"].result_id
        results.upload_result_data(large, self._session, LARGE)
        results.delete_result_data([large], self._session)

    def hello(self, lesson: str) -> None:
        """A task, and the wait for its result in the events."""
        if lesson == "00":
            labels = {**self._labels, "hello": "own", "lesson": lesson}
            session = steps.create_session(self._channel, "default", labels)
        else:
            session = self._session
        data = steps.create_payload(self._channel, session, messages.Payload(list(range(10))))
        steps.submit_task(self._channel, session, data, lesson_options(lesson))
        answer = steps.wait_for_result(self._channel, session, data.result_id, PATIENCE)
        assert answer.value == 45
        if lesson == "00":
            ArmoniKSessions(self._channel).close_session(session)

    def fail(self) -> None:
        """A task that the worker does not understand, as lesson 05 has one."""
        results = ArmoniKResults(self._channel)
        bad = results.create_results({"bad": b"1, 2, three"}, self._session)["bad"].result_id
        spoilt = results.create_results_metadata(["spoilt"], self._session)["spoilt"].result_id
        task = TaskDefinition(bad, [spoilt])
        ArmoniKTasks(self._channel).submit_tasks(self._session, [task])
        with contextlib.suppress(WaitError):
            steps.wait_for_result(self._channel, self._session, spoilt, PATIENCE)
            raise AssertionError("a task that cannot be understood has succeeded")

    def close(self) -> None:
        self._channel.close()


def rehearse(sizes: Sequence[int], think: float, pods: int, chance: random.Random) -> list[str]:
    """Rehearse with classes of these sizes, print tables; return what went wrong."""
    rows, wrong, lessons = [], [], Times()
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="c-") as folder:
            server = ClassServer(Path(folder) / "class")
            with server.start("--host", "127.0.0.1", "--learners", str(size), pods=pods):
                rows += _one(server, size, think, chance, lessons)
        wrong += lessons.wrong
        lessons.wrong = []
    print(repr(Table(f"Who thinks {think:g} s between two cells, {pods} pods", HEADER, rows)))
    print(repr(_by_lesson(lessons)))
    return wrong


def _one(
    server: ClassServer, size: int, think: float, chance: random.Random, lessons: Times
) -> list[tuple[str, ...]]:
    names = [path.stem for path in sorted((server.folder / "learners").glob("*.env"))]
    assert len(names) == size
    pupils = [Pupil(server.at(name), name) for name in names]
    paces = [random.Random(chance.random()) for _ in pupils]
    times, over = Times(), threading.Event()
    barrier = threading.Barrier(size)

    def study(pupil: Pupil, pace: random.Random) -> None:
        for lesson, cell in pupil.cells():
            time.sleep(pace.uniform(0, 2) * think)
            with times.of(lesson, pupil.name):
                cell()

    def together(pupil: Pupil) -> None:
        barrier.wait()
        with times.of(AT_ONCE, pupil.name):
            pupil.hello("05")

    def look() -> None:
        with server.at("teacher").open_channel() as channel:
            while not over.wait(LOOK):
                with times.of("learners", "the teacher"):
                    learners(channel)

    teacher = threading.Thread(target=look)
    teacher.start()
    rows = []
    try:
        with _Load(server.pid) as load:
            _all(study, pupils, paces)
        cells = [taken for what, each in times.taken.items() if what.isdigit() for taken in each]
        rows.append(_row(f"{size}", cells, times, load))
        with _Load(server.pid) as load:
            _all(together, pupils)
        rows.append(_row(f"{size}, {AT_ONCE}", times.taken[AT_ONCE], times, load))
        with server.at("teacher").open_channel() as channel:
            seen = learners(channel)
    finally:
        over.set()
        teacher.join()
        for pupil in pupils:
            pupil.close()
    where = {learner.name: learner.lesson for learner in seen}
    if where != dict.fromkeys(names, "05") or any(each.again >= AGAIN for each in seen):
        times.wrong.append(f"the teacher sees another class: {where}")
    lessons.wrong += times.wrong
    for what, taken in times.taken.items():
        lessons.taken[what] += taken
    return rows


def _all(do: Callable[..., None], *arguments: Sequence[object]) -> None:
    threads = [threading.Thread(target=do, args=each) for each in zip(*arguments, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _Load:
    """What the server, its workers and the machine have to do during the block.

    Attributes:
        seconds: that it took.
        server, workers, machine: how many cores were busy, on the average.
        memory, files: of the server, at the end.
    """

    def __init__(self, pid: int) -> None:
        self._server = psutil.Process(pid)

    def __enter__(self) -> _Load:
        self._began, self._before = time.monotonic(), self._cpu()
        psutil.cpu_percent()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._began
        after = self._cpu()
        self.server, self.workers = (
            (now - then) / self.seconds for now, then in zip(after, self._before, strict=True)
        )
        self.machine = psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1)
        self.memory, self.files = self._server.memory_info().rss / 1e6, self._server.num_fds()

    def _cpu(self) -> tuple[float, float]:
        children = self._server.children(recursive=True)
        mine, theirs = (
            sum(process.cpu_times().user + process.cpu_times().system for process in each)
            for each in ([self._server], children)
        )
        return mine, theirs


def _row(what: str, cells: list[float], times: Times, load: _Load) -> tuple[str, ...]:
    looks = times.taken["learners"]
    return (
        what,
        f"{len(cells) / load.seconds:.1f}",
        *_spread(cells),
        f"{len(times.wrong)}",
        f"{load.server:.2f} cores",
        f"{load.workers:.2f} cores",
        f"{load.memory:.0f} MB",
        f"{load.files}",
        f"{load.machine:.1f} of {psutil.cpu_count()} cores",
        _ms(statistics.median(looks)) if looks else "",
    )


def _by_lesson(times: Times) -> Table:
    rows = [(what, f"{len(each):,}", *_spread(each)) for what, each in sorted(times.taken.items())]
    return Table("By lesson", ("", "cells", "median", "99 of 100", "longest"), rows)


def _spread(cells: list[float]) -> tuple[str, str, str]:
    cells = sorted(cells) or [0.0]
    most = cells[min(len(cells) - 1, int(0.99 * len(cells)))]
    return _ms(statistics.median(cells)), _ms(most), _ms(cells[-1])


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms"
