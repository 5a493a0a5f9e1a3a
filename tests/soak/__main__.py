"""A soak from the command line; see the package."""

from __future__ import annotations

import argparse
import random
import secrets
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from .harness import Soak, run
from .rehearsal import SIZES, rehearse

TURN = 8.0  # seconds alone, and then as many beside the careless one
KILLED, REST = 0.3, 60.0  # the share of killing, and seconds of rest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, more or less")
    parser.add_argument("--rehearsal", action="store_true", help="lessons 00 to 05, and no kills")
    parser.add_argument("--learners", type=int, help="default: 60; of rehearsals: several")
    parser.add_argument("--think", type=float, default=3.0, help="seconds, after each cell")
    parser.add_argument("--careless", type=float, default=1.0, help="how careless one of them is")
    parser.add_argument("--pods", type=int, default=2)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    arguments = vars(parser.parse_args())
    if arguments.pop("rehearsal"):
        return _rehearse(arguments)
    arguments["learners"] = arguments["learners"] or 60
    seconds = arguments.pop("minutes") * 60
    killed, rest = seconds * KILLED, min(REST, seconds * 0.1)
    turns = max(1, round((seconds - killed - rest) / (2 * TURN)))
    kills = max(4, round(killed / 5))
    soak = Soak(**arguments, turns=turns, slice_=TURN, kills=kills, roots=10 * kills, rest=rest)
    print(f"seed {soak.seed}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it ends it in order
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        try:
            report = run(Path(folder), soak)
        except KeyboardInterrupt:
            print("Broken off; all processes have ended.")
            return 130
    print(report)
    return bool(report.problems)


def _rehearse(arguments: dict[str, Any]) -> bool:
    sizes = [arguments["learners"]] if arguments["learners"] else SIZES
    chance = random.Random(arguments["seed"])
    wrong = rehearse(sizes, arguments["think"], arguments["pods"], chance)
    print(*wrong, f"{len(wrong)} problems", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
