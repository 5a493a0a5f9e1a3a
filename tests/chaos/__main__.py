"""A chaos run from the command line; see the package."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from .harness import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--roots", type=int, default=250, help="8 tasks each")
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--pods", type=int, default=2)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        report = run(Path(folder), **vars(arguments))
    print(report, *report.problems, sep="\n")
    return bool(report.problems)


if __name__ == "__main__":
    sys.exit(main())
