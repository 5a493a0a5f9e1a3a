"""What a user would pick instead: Dask, Ray, ipyparallel. Each runs as a program of its own.

``python -m tests.benchmarks.peers NAME WHAT COUNT`` starts one with two processes, has it say one
hello, measures WHAT (see `MEASURES`), and prints one line of JSON. How long it takes a peer to end
does not count.
"""

import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from .measuring import Contender, NotMeasured, Sample, seconds
from .plan import Plan

PEERS = {"Dask": "distributed", "Ray": "ray", "ipyparallel": "ipyparallel"}
"""What must be importable for each."""

LIMIT = 300.0
"""Seconds after which the program of a peer is given up."""

ROOT = Path(__file__).parents[2]

PATH = re.compile(r"(?<!\w)/[^\s'\":]+")
"""A path in a message: none goes into the figures."""

NO_TREE = {
    "Ray": "left out: a task that waits for its subtasks keeps its process, so a tree needs "
    "a process for each split",
    "ipyparallel": "left out: an engine is no client, so a task has nobody to give subtasks to",
}


@dataclass(frozen=True)
class Cluster:
    """What a peer can do: send one hello, fetch the results of some, have a tree of subtasks."""

    submit: Callable[[list[int]], Any]
    fetch: Callable[[list[Any]], list[int]]
    tree: Callable[[list[int], int], int] | None = None


def add(numbers: list[int]) -> int:
    """Return the sum: the hello task."""
    return sum(numbers)


def split(numbers: list[int], threshold: int) -> int:
    """Split as the hello worker does, with Dask: two subtasks, and a third that joins them."""
    if len(numbers) <= threshold:
        return sum(numbers)
    from distributed import worker_client

    middle = len(numbers) // 2
    with worker_client() as client:  # meanwhile, its worker takes other tasks
        halves = [
            client.submit(split, half, threshold, pure=False)
            for half in (numbers[:middle], numbers[middle:])
        ]
        return int(client.submit(add, halves, pure=False).result())


@contextmanager
def dask() -> Iterator[Cluster]:
    """Start a LocalCluster of two processes with one thread each."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield Cluster(
            lambda numbers: client.submit(add, numbers, pure=False),
            client.gather,
            lambda numbers, size: client.submit(split, numbers, size, pure=False).result(),
        )


@contextmanager
def ray() -> Iterator[Cluster]:
    """Start Ray with two CPUs on this machine."""
    import ray as library

    library.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    remote = library.remote(add)
    try:
        yield Cluster(remote.remote, library.get)
    finally:
        library.shutdown()


@contextmanager
def ipyparallel() -> Iterator[Cluster]:
    """Start a cluster of two engines."""
    import ipyparallel as library

    with library.Cluster(n=2, log_level=40) as client:
        view = client.load_balanced_view()
        yield Cluster(
            lambda numbers: view.apply_async(add, numbers),
            lambda results: [result.get() for result in results],
        )


def _warm(cluster: Cluster, count: int) -> list[float]:
    """Milliseconds of each of so many hellos, one after the other."""
    return [
        seconds(lambda: cluster.fetch([cluster.submit([1, 2, 3])])) * 1000 for _ in range(count)
    ]


def _many(cluster: Cluster, count: int) -> list[float]:
    """Seconds for so many hellos at once."""
    start = time.perf_counter()
    values = cluster.fetch([cluster.submit([number, 1]) for number in range(count)])
    took = time.perf_counter() - start
    assert values == [number + 1 for number in range(count)]
    return [took]


def _tree(cluster: Cluster, leaves: int) -> list[float]:
    """Seconds for a tree with so many leaves."""
    assert cluster.tree is not None
    assert cluster.tree([1, 2, 3, 4], 2) == 10  # what it starts only once does not count
    numbers = list(range(leaves))
    start = time.perf_counter()
    total = cluster.tree(numbers, 1)
    took = time.perf_counter() - start
    assert total == sum(numbers)
    return [took]


def resting(pid: int | None, watch: float) -> list[float]:
    """Watch a process and its children, which have nothing to do, for some seconds.

    Args:
        pid: the process; None for this one.

    Returns:
        Resident memory in MB, added up; the same with of each shared page only a part; and the
        processor time, in percent of a core.
    """
    me = psutil.Process(pid)
    family = [me, *me.children(recursive=True)]

    def busy() -> float:
        return sum(times.user + times.system for times in (each.cpu_times() for each in family))

    before = busy()
    time.sleep(watch)  # what is measured is how little happens
    memory = [process.memory_full_info() for process in family]
    resident, once = sum(info.rss for info in memory), sum(info.pss for info in memory)
    return [resident / 1e6, once / 1e6, (busy() - before) / watch * 100]


MEASURES: dict[str, Callable[[Cluster, int], list[float]]] = {
    "first": lambda _, __: [],  # the start is timed from outside
    "warm": _warm,
    "many": _many,
    "tree": _tree,
    "rest": lambda _, watch: resting(None, watch),
}

_STARTS = {"Dask": dask, "Ray": ray, "ipyparallel": ipyparallel}


def main(name: str, what: str, count: int) -> None:
    """Measure one peer; print the figures."""
    with _STARTS[name]() as cluster:
        assert cluster.fetch([cluster.submit([1, 2, 3])]) == [6]
        first = time.time()
        print(json.dumps({"first": first, "figures": MEASURES[what](cluster, count)}))


def run(name: str, what: str, count: int) -> tuple[float, list[float]]:
    """Run the program of a peer; return the seconds to its first result, and its figures.

    Raises:
        NotMeasured: it failed, or took too long.
    """
    start = time.time()  # the clock that two processes have in common
    program = [sys.executable, "-m", "tests.benchmarks.peers", name, what, str(count)]
    with subprocess.Popen(
        program,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"no answer after {LIMIT:g} seconds") from None
        finally:
            with contextlib.suppress(ProcessLookupError):  # what it has left behind, if anything
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        lines = errors.strip().splitlines() or ["no message"]
        raise NotMeasured(f"it failed: {PATH.sub('(path)', lines[-1])[:200]}")
    told = json.loads(output.strip().splitlines()[-1])
    return told["first"] - start, told["figures"]


def contenders(
    plan: Plan,
    what: str,
    count: int,
    sample: Callable[[float, list[float]], Mapping[str, Sequence[float]]],
    cannot: Mapping[str, str] | None = None,
) -> list[Contender]:
    """Return all peers; of those that are not measured, the note says why.

    Args:
        what: what its program measures.
        count: how many, or for how long.
        sample: makes the values of the rows from the seconds to the first result and its figures.
        cannot: why not, for peers that cannot do it.
    """

    def measure(name: str) -> Sample:
        return Sample(sample(*run(name, what, count)))

    found = []
    for name, module in PEERS.items():
        if not plan.peers:
            note = "not measured: peers are left out by --no-peers"
        elif cannot and name in cannot:
            note = cannot[name]
        elif importlib.util.find_spec(module) is None:
            note = "not measured: it is not installed (pip install -e '.[benchmark]')"
        else:
            found.append(Contender(name, partial(measure, name)))
            continue
        found.append(Contender(name, None, note))
    return found


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
