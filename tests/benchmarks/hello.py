"""Our side of the benchmark: the command line, one warm hello, and many tasks."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import grpc
import psutil
from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import EventTypes, ResultStatus, TaskDefinition, TaskOptions, create_channel

from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.messages import Payload, Result

from .measuring import Row, percentile, seconds

WHO = "hello-armonik"
COMMAND = [sys.executable, "-m", "hello_helpers"]
NUMBERS = [1, 2, 3]


def command(*arguments: str) -> None:
    """Run a command of ours; its output must say that it went well."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def starts(repeat: int) -> list[Row]:
    """Whole processes: nothing running before, and with the shared embedded ArmoniK up."""
    cold, attached = [], []
    for _ in range(repeat):
        command("stop")
        cold.append(seconds(lambda: command("run")))
        attached.append(seconds(lambda: command("run")))
    command("stop")
    return [
        Row("cold start to first result", WHO, "s", cold),
        Row("attached run, whole process", WHO, "s", attached),
    ]


class Hello:
    """One client, one session."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._results = ArmoniKResults(channel)
        self._tasks = ArmoniKTasks(channel)
        self._events = ArmoniKEvents(channel)
        options = TaskOptions(max_duration=timedelta(minutes=5), priority=1, max_retries=1)
        self.session_id = ArmoniKSessions(channel).create_session(options)

    def once(self) -> None:
        """Create data, submit, wait, download: one hello, as the lessons do it."""
        session_id = self.session_id
        payload = self._results.create_results({"p": Payload(NUMBERS).serialize()}, session_id)
        output = self._results.create_results_metadata(["o"], session_id)["o"].result_id
        self._tasks.submit_tasks(session_id, [TaskDefinition(payload["p"].result_id, [output])])
        self._events.wait_for_result_availability(output, session_id)
        data = self._results.download_result_data(output, session_id)
        assert Result.deserialize(data).value == sum(NUMBERS)

    def many(self, count: int) -> dict[str, float]:
        """Run many hellos, each with a payload of its own; check every result.

        Returns:
            The seconds of each phase, by name.
        """
        clock = [time.perf_counter()]
        payloads = self._results.create_results(
            {f"p{n}": Payload([n, 1]).serialize() for n in range(count)},
            self.session_id,
            batch_size=500,
        )
        outputs = self._results.create_results_metadata(
            [f"o{n}" for n in range(count)], self.session_id, batch_size=500
        )
        clock.append(time.perf_counter())
        ids = [outputs[f"o{n}"].result_id for n in range(count)]
        definitions = [TaskDefinition(payloads[f"p{n}"].result_id, [ids[n]]) for n in range(count)]
        self._tasks.submit_tasks(self.session_id, definitions, chunk_size=500)
        clock.append(time.perf_counter())
        self._wait(set(ids))
        clock.append(time.perf_counter())
        with ThreadPoolExecutor(4) as pool:
            data = pool.map(
                lambda id_: self._results.download_result_data(id_, self.session_id), ids
            )
            values = [Result.deserialize(each).value for each in data]
        clock.append(time.perf_counter())
        assert values == [n + 1 for n in range(count)]
        names = ("create", "submit", "run", "download")
        return dict(zip(names, (b - a for a, b in itertools.pairwise(clock)), strict=True))

    def _wait(self, missing: set[str]) -> None:
        def note(_: object, __: object, event: object) -> bool:
            if event.status == ResultStatus.COMPLETED:  # type: ignore[attr-defined]
                missing.discard(event.result_id)  # type: ignore[attr-defined]
            return not missing

        kinds = [EventTypes.NEW_RESULT, EventTypes.RESULT_STATUS_UPDATE]
        self._events.get_events(self.session_id, kinds, [note])


@contextmanager
def client() -> Iterator[tuple[EmbeddedArmonik, Hello]]:
    """Start an embedded ArmoniK with two pods, and a client that has said hello."""
    with EmbeddedArmonik() as armonik, create_channel(armonik.endpoint) as channel:
        hello = Hello(channel)
        for _ in range(20):
            hello.once()
        yield armonik, hello


def warm(count: int) -> Row:
    """One hello after the other."""
    with client() as (_, hello):
        times = [seconds(hello.once) * 1000 for _ in range(count)]
    return Row("warm hello", WHO, "ms", times, more={"p99": percentile(times, 99)})


def many(count: int, repeat: int) -> Row:
    """Many hellos at once, from the first payload to the last checked result."""
    rates, phases = [], {}
    for _ in range(repeat):
        with client() as (_, hello):
            phases = hello.many(count)
            rates.append(count / sum(phases.values()))
    return Row(f"{count} hellos, all checked", WHO, "tasks/s", rates, more=phases)


def idle(watch: float) -> list[Row]:
    """What an embedded ArmoniK with two pods costs when nobody uses it."""
    with client() as (armonik, _):
        me = psutil.Process(armonik.process.pid)
        family = [me, *me.children(recursive=True)]
        before = _cpu(family)
        time.sleep(watch)  # what is measured is how little happens
        busy = (_cpu(family) - before) / watch * 100
        resident = sum(process.memory_info().rss for process in family) / 1e6
        unique = sum(process.memory_full_info().pss for process in family) / 1e6
    return [
        Row("memory at rest, two pods", WHO, "MB", [resident], more={"shared once": unique}),
        Row("CPU at rest, two pods", WHO, "% of a core", [busy]),
    ]


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def isolated(folder: str) -> None:
    """Use a private folder: the shared embedded ArmoniK of the user is not touched."""
    os.environ["HELLO_ARMONIK_DIR"] = folder
