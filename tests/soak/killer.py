"""Kills workers and the embedded ArmoniK at random moments, and starts the latter again."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import suppress

import psutil

from tests.embedded.served import Served

PAUSE = (0.05, 0.9)  # seconds between two kills, after the embedded ArmoniK serves again


class Killer(threading.Thread):
    """A thread that does its deeds one after another, and then stops.

    Attributes:
        begun: how often each kind of deed was begun so far.
        error: what went wrong, if something did.
    """

    def __init__(self, served: Served, chance: random.Random, kills: int) -> None:
        super().__init__(name="killer")
        self.begun: Counter[str] = Counter()
        self.error: BaseException | None = None
        self._served = served
        self._chance = chance
        deeds = [self.worker, self.all_workers, self.armonik, self.armonik_while_it_starts]
        weights = [0.45, 0.1, 0.3, 0.15]
        self._deeds = chance.choices(deeds, weights, k=kills)
        self._stopping = threading.Event()

    @property
    def share(self) -> float:
        """How much of it is done or being done, from 0 to 1."""
        return self.begun.total() / len(self._deeds)

    def run(self) -> None:
        try:
            for deed in self._deeds:
                if self._stopping.wait(self._chance.uniform(*PAUSE)):
                    return
                self.begun[deed.__name__] += 1
                deed()
        except BaseException as error:
            self.error = error

    def stop(self) -> None:
        """Let it end after the deed that it is at."""
        self._stopping.set()

    def worker(self) -> None:
        """Kill one worker, be it busy or just starting."""
        while not (workers := self._served.workers()) and not self._stopping.is_set():
            time.sleep(0.01)
        if workers:
            kill(self._chance.choice(workers))

    def all_workers(self) -> None:
        """Kill all workers at once."""
        for worker in self._served.workers():
            kill(worker)

    def armonik(self) -> None:
        """Kill the embedded ArmoniK itself, and start it again."""
        self._served.kill()
        self._served.start()

    def armonik_while_it_starts(self) -> None:
        """Kill it, start it, kill it before or after it is ready, and start it again."""
        self._served.kill()
        self._served.spawn()
        time.sleep(self._chance.uniform(0, 1.2))
        self.armonik()


def kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()
