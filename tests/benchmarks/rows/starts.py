"""From the start of a program to its first result: with nothing running before, and with ArmoniK.

Ours is timed to the end of its process. A peer's process also ends its cluster; that is not timed.
"""

from __future__ import annotations

import subprocess
import sys

from .. import peers
from ..measuring import Contender, Race, Sample, seconds
from ..plan import OURS, Plan

COMMAND = [sys.executable, "-m", "hello_helpers"]

COLD = "cold start to first result"
ATTACHED = "attached run, whole process"


def command(*arguments: str) -> None:
    """Run a command of ours; its output must say that it went well."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def _cold(row: str) -> Sample:
    """Time a run that starts the embedded ArmoniK, and stop that again."""
    command("stop")
    took = seconds(lambda: command("run"))
    command("stop")
    return Sample({row: [took]})


def _attached() -> Sample:
    """Time a run that finds the embedded ArmoniK running."""
    command("run")
    took = seconds(lambda: command("run"))
    command("stop")
    return Sample({ATTACHED: [took]})


def cold(plan: Plan) -> list[Race]:
    """Compare with the peers."""
    others = peers.contenders(plan, "first", 0, lambda first, _: {COLD: [first]})
    return [Race({COLD: "s"}, [Contender(OURS, lambda: _cold(COLD)), *others], plan.repeat)]


def attached(plan: Plan) -> list[Race]:
    """Compare with cold starts, our own and those of the peers."""
    others = peers.contenders(plan, "first", 0, lambda first, _: {ATTACHED: [first]})
    own = Contender(f"{OURS}, cold start", lambda: _cold(ATTACHED))
    return [Race({ATTACHED: "s"}, [Contender(OURS, _attached), own, *others], plan.repeat)]
