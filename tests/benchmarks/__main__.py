"""``python -m tests.benchmarks``: how fast is it, against what a user would pick instead?

Every row is measured in turn with its peers, several times; what counts are the ratios in one run.
Peers that are not installed are skipped by name (``pip install -e '.[benchmark]'`` brings them).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from . import hello, peers, raw
from .measuring import Row, table


def main() -> None:
    """Measure, print a table, and write the figures to a file."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="repetitions (default 5)")
    parser.add_argument("--count", type=int, default=5000, help="tasks of the long row")
    parser.add_argument("--no-peers", action="store_true", help="measure only ourselves")
    parser.add_argument("--json", type=Path, default=Path("artefacts/benchmark.json"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="armonik-") as folder:
        hello.isolated(folder)
        rows = measure(args.repeat, args.count, [] if args.no_peers else list(peers.PEERS))
    print(table(rows))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")
    print(f"The figures are in {args.json}")


def measure(repeat: int, count: int, names: list[str]) -> list[Row]:
    """Return all rows, ours first in each group."""
    rows = [
        *hello.starts(repeat),
        hello.warm(300),
        raw.warm(300),
        hello.many(count, max(1, repeat // 2)),
        *hello.idle(watch=5.0),
    ]
    for name in names:
        rows += peers.rows(name, count, max(1, repeat // 2))
    return rows


if __name__ == "__main__":
    main()
