"""How the pods are. The compute plane notes it, and the control plane tells whoever waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

SLOW = 5.0
"""Seconds after which a worker that is still starting is worth a word; Python needs one or two."""


class PodHealth:
    """How one pod is: ready, or there is (or will be) something to say about why it is not."""

    def __init__(self) -> None:
        self.ready = False
        self._why = ""
        self._since = time.monotonic()
        self._report: Callable[[], str] = str

    def starts(self, report: Callable[[], str]) -> None:
        """Note that a worker starts; what was said of the one before stands until it is ready.

        Args:
            report: says how the worker is, should it take long.
        """
        self.ready = False
        self._since = time.monotonic()
        self._report = report

    def works(self) -> None:
        """Note that the worker is ready for tasks."""
        self.ready = True
        self._why = ""

    def fails(self, why: str) -> None:
        """Note that the worker failed."""
        self.ready = False
        self._why = why

    def ailment(self) -> str:
        """Return what is wrong; "" if nothing is."""
        if self.ready or self._why:
            return self._why
        seconds = time.monotonic() - self._since
        return f"not ready after {seconds:.0f} s: {self._report()}" if seconds > SLOW else ""


class Health:
    """How all pods are, by partition."""

    def __init__(self) -> None:
        self._partitions: dict[str, dict[str, PodHealth]] = {}

    def pod(self, partition_id: str, name: str) -> PodHealth:
        """Return the health of a pod, to be kept up to date by it."""
        return self._partitions.setdefault(partition_id, {}).setdefault(name, PodHealth())

    def complaints(self) -> list[str]:
        """Return a text for each pod that something is wrong with."""
        return [
            f"{partition_id}: {why}"
            for partition_id, pods in self._partitions.items()
            for pod in pods.values()
            if (why := pod.ailment())
        ]

    def ailments(self) -> Mapping[str, str]:
        """Return why tasks wait, by id of partition, for partitions without a pod that is ready."""
        found = {}
        for partition_id, pods in self._partitions.items():
            whys = [why for pod in pods.values() if (why := pod.ailment())]
            if whys and not any(pod.ready for pod in pods.values()):
                found[partition_id] = whys[0]
        return found
