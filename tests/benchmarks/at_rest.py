"""Memory and processor time of a family of processes that has nothing to do."""

from __future__ import annotations

import time

import psutil


def resting(pid: int | None, watch: float) -> tuple[float, float, float]:
    """Watch a process and its children for some seconds.

    Args:
        pid: the process; None for this one.

    Returns:
        Resident memory in MB, added up; the same with each shared page counted once; and the
        processor time, in percent of a core.
    """
    me = psutil.Process(pid)
    family = [me, *me.children(recursive=True)]
    before = sum(map(_cpu, family))
    time.sleep(watch)  # what is measured is how little happens
    busy = (sum(map(_cpu, family)) - before) / watch * 100
    resident = sum(process.memory_info().rss for process in family) / 1e6
    once = sum(map(_unshared, family)) / 1e6
    return resident, once, busy


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _unshared(process: psutil.Process) -> float:
    """The memory of a process; of a page that others share, its part (only Linux tells that)."""
    info = process.memory_full_info()
    return float(getattr(info, "pss", info.uss))
