"""What a user would pick instead: Dask, Ray, ipyparallel. Each runs as a program of its own.

``python -m tests.benchmarks.peers NAME COUNT`` prints one line of JSON: seconds to the first
result, warm times in milliseconds, and the seconds for COUNT tasks. Whole processes are timed from
outside.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .measuring import Row, percentile, seconds

PEERS = {"Dask": "distributed", "Ray": "ray", "ipyparallel": "ipyparallel"}
"""What must be importable for each."""

WARM = 200

Submit = Callable[[list[int]], Any]
"""Sends one hello; what it returns is handed to Fetch."""

Fetch = Callable[[list[Any]], list[int]]


def add(numbers: list[int]) -> int:
    """Return the sum: the hello task."""
    return sum(numbers)


@contextmanager
def dask() -> Iterator[tuple[Submit, Fetch]]:
    """Start a LocalCluster of two processes with one thread each."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield lambda numbers: client.submit(add, numbers, pure=False), client.gather


@contextmanager
def ray() -> Iterator[tuple[Submit, Fetch]]:
    """Start Ray with two CPUs on this machine."""
    import ray as library

    library.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    remote = library.remote(add)
    try:
        yield remote.remote, library.get
    finally:
        library.shutdown()


@contextmanager
def ipyparallel() -> Iterator[tuple[Submit, Fetch]]:
    """Start a cluster of two engines."""
    import ipyparallel as library

    with library.Cluster(n=2, log_level=40) as client:
        view = client.load_balanced_view()
        yield (
            lambda numbers: view.apply_async(add, numbers),
            lambda results: [result.get() for result in results],
        )


_STARTS = {"Dask": dask, "Ray": ray, "ipyparallel": ipyparallel}


def main(name: str, count: int) -> None:
    """Measure one peer; print the figures."""
    start = time.perf_counter()
    with _STARTS[name]() as (submit, fetch):
        assert fetch([submit([1, 2, 3])]) == [6]
        first = time.perf_counter() - start
        figures: dict[str, Any] = {"first": first}
        if count:
            figures["warm"] = [
                seconds(lambda: fetch([submit([1, 2, 3])])) * 1000 for _ in range(WARM)
            ]
            begin = time.perf_counter()
            values = fetch([submit([n, 1]) for n in range(count)])
            figures["many"] = time.perf_counter() - begin
            assert values == [n + 1 for n in range(count)]
    print(json.dumps(figures))


def run(name: str, count: int) -> tuple[float, dict[str, Any]]:
    """Run the program of a peer; return the seconds of the whole process, and its figures."""
    start = time.perf_counter()
    program = [sys.executable, "-m", "tests.benchmarks.peers", name, str(count)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300)
    whole = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed: {done.stderr[-1000:]}")
    return whole, json.loads(done.stdout.strip().splitlines()[-1])


def rows(name: str, count: int, repeat: int) -> list[Row]:
    """Measure one peer; without its package there are no rows."""
    if importlib.util.find_spec(PEERS[name]) is None:
        print(f"{name} is skipped: it is not installed (pip install -e '.[benchmark]')")
        return []
    whole = [run(name, 0)[0] for _ in range(repeat)]
    figures = [run(name, count)[1] for _ in range(repeat)]
    warm = [value for each in figures for value in each["warm"]]
    return [
        Row("cold start to first result", name, "s", whole),
        Row("warm hello", name, "ms", warm, more={"p99": percentile(warm, 99)}),
        Row(
            f"{count} hellos, all checked",
            name,
            "tasks/s",
            [count / each["many"] for each in figures],
        ),
    ]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
