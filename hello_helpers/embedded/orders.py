"""What the orders of the failure switchboard do to the planes."""

from __future__ import annotations

import asyncio

from .compute_plane.outcome import Fault, FaultKind
from .compute_plane.pods import ComputePlane
from .control_plane.server import ControlPlane
from .switchboard import Orders, SwitchboardError

_TEXTS = {
    FaultKind.ERROR: "The switchboard made this task fail",
    FaultKind.CRASH: "RuntimeError: the switchboard made this task crash",
    FaultKind.HANG: "",
}

LONGEST_ABSENCE = 3600.0
"""Seconds that the control plane can be ordered away."""


def switchboard_orders(control_plane: ControlPlane, compute_plane: ComputePlane) -> Orders:
    """Return the orders by name."""
    absences: set[asyncio.Task[None]] = set()

    async def kill_worker(partition: str, pod: int) -> None:
        _known(compute_plane, partition)
        pods = [p for p in compute_plane.pods if p.partition_id == partition]
        if not 0 <= pod < len(pods):
            raise SwitchboardError(f"partition {partition} has pods 0 to {len(pods) - 1}, no {pod}")
        worker = pods[pod].worker
        if worker is None:
            raise SwitchboardError(f"pod {pods[pod].name} has no worker at the moment")
        worker.kill()

    async def fail(partition: str, kind: str, text: str, count: int | None) -> None:
        _known(compute_plane, partition)
        if count is not None and count < 1:
            raise SwitchboardError(f"count must be at least 1, not {count}")
        fault = FaultKind(kind)
        compute_plane.faults.order(partition, Fault(fault, text or _TEXTS[fault], count))

    async def repair() -> None:
        compute_plane.faults.clear()

    async def make_unreachable(seconds: float) -> None:
        if not 0 < seconds <= LONGEST_ABSENCE:
            raise SwitchboardError(f"seconds must be up to {LONGEST_ABSENCE:.0f}, not {seconds}")
        absence = asyncio.ensure_future(control_plane.be_away(asyncio.sleep(seconds)))
        absences.add(absence)
        absence.add_done_callback(absences.discard)
        await control_plane.gone.wait()

    return {
        "kill_worker": kill_worker,
        "fail": fail,
        "repair": repair,
        "make_unreachable": make_unreachable,
    }


def _known(compute_plane: ComputePlane, partition: str) -> None:
    names = sorted({pod.partition_id for pod in compute_plane.pods})
    if partition not in names:
        raise SwitchboardError(f"there is no partition {partition!r}, only {', '.join(names)}")
