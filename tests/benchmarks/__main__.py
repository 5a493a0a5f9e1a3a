"""``python -m tests.benchmarks``: how fast is it, against what a user would pick instead?

Every row is measured in turn with its peers, several times; what counts are the ratios in one run.
Peers that are not installed are named as such (``pip install -e '.[benchmark]'`` brings them).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import hello, machine, measuring
from .picture import picture
from .plan import Plan
from .report import figures, table
from .rows import ROWS


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, and write the figures and a picture to files, after each row."""
    args = _parser().parse_args(arguments)
    sizes = [size for size in args.sizes if size <= 10_000 or not args.quick]
    plan = Plan(
        repeat=args.repeat,
        count=args.count,
        warm=args.warm,
        sizes=sizes,
        leaves=args.leaves,
        gigabytes=args.gigabytes,
        watch=args.watch,
        peers=not args.no_peers,
    )
    where = machine.describe()
    with tempfile.TemporaryDirectory(prefix="armonik-") as folder, hello.isolated(folder):
        rows: list[measuring.Row] = []
        for race in (race for name in args.rows or ROWS for race in ROWS[name](plan)):
            rows += measuring.run(race)
            _write(args.json, json.dumps(figures(rows, where), indent=1) + "\n")
            _write(args.json.with_suffix(".svg"), picture(rows, machine.sentence(where)))
    print(table(rows))
    print(f"The figures are in {args.json}, a picture of them in {args.json.with_suffix('.svg')}")


def _parser() -> argparse.ArgumentParser:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    add = parser.add_argument
    add("--rows", nargs="+", choices=ROWS, metavar="NAME", help=f"only these: {', '.join(ROWS)}")
    add("--repeat", type=_positive, default=usual.repeat, help="repetitions (%(default)s)")
    add("--count", type=_positive, default=usual.count, help="tasks, results (%(default)s)")
    add("--warm", type=_positive, default=usual.warm, help="warm hellos (%(default)s)")
    add(
        "--sizes",
        type=_positive,
        nargs="+",
        default=usual.sizes,
        help="numbers of tasks to compare (1000 10000 100000; the last takes minutes)",
    )
    add("--quick", action="store_true", help="of the sizes, only those up to 10000")
    add("--leaves", type=_positive, default=usual.leaves, help="leaves of the tree (%(default)s)")
    add("--gigabytes", type=float, default=usual.gigabytes, help="data to copy (%(default)s)")
    add("--watch", type=float, default=usual.watch, help="seconds at rest (%(default)s)")
    add("--no-peers", action="store_true", help="leave Dask, Ray and ipyparallel out")
    add(
        "--json",
        type=Path,
        default=Path("artefacts/benchmark.json"),
        help="file for the figures; the picture is beside it (%(default)s)",
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
