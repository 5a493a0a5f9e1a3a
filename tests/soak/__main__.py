"""A soak from the command line; see the package."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
from pathlib import Path

from .harness import Soak, run

TURN = 8.0  # seconds alone, and then as many beside the careless one
KILLED, REST = 0.3, 60.0  # the share of killing, and seconds of rest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, more or less")
    parser.add_argument("--learners", type=int, default=60)
    parser.add_argument("--think", type=float, default=3.0, help="seconds, after each hello")
    parser.add_argument("--careless", type=float, default=1.0, help="how careless one of them is")
    parser.add_argument("--pods", type=int, default=2)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    arguments = vars(parser.parse_args())
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


if __name__ == "__main__":
    sys.exit(main())
