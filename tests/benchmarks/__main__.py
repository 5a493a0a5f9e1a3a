"""``python -m tests.benchmarks``: how fast is it, against what a user would pick instead?

Every row is measured in turn with its peers, several times; what counts are the ratios in one run.
Peers that are not installed are named as such (``pip install -e '.[benchmark]'`` brings them).
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import hello, measuring
from .plan import Plan
from .report import describe, figures, picture, sentence, table
from .rows import ROWS


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, and write the figures and a picture to files, after each row."""
    plan, machine = Plan(), describe()
    path = _parser(plan).parse_args(arguments, namespace=plan).json
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="armonik-") as folder, hello.isolated(folder):
        rows: list[measuring.Row] = []
        for race in (race for name in plan.rows or ROWS for race in ROWS[name](plan)):
            rows += measuring.run(race)
            path.write_text(json.dumps(figures(rows, machine), indent=1) + "\n", "utf-8")
            path.with_suffix(".svg").write_text(picture(rows, sentence(machine)), "utf-8")
    print(table(rows))
    print(f"The figures are in {path}, a picture of them in {path.with_suffix('.svg')}")


def _parser(usual: Plan) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)

    def number(name: str, what: str, kind: type = int) -> None:
        default = getattr(usual, name)
        parser.add_argument(f"--{name}", type=kind, default=default, help=f"{what} (%(default)s)")

    names = f"only these: {', '.join(ROWS)}"
    parser.add_argument("--rows", nargs="+", choices=ROWS, metavar="NAME", help=names)
    number("repeat", "repetitions")
    number("count", "tasks, results")
    number("warm", "warm hellos")
    number("leaves", "leaves of the tree")
    number("queued", "queued tasks of somebody else")
    number("gigabytes", "data to copy", float)
    number("watch", "seconds at rest", float)
    parser.add_argument(
        "--no-peers", dest="peers", action="store_false", help="leave Dask, Ray and ipyparallel out"
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=Path("artefacts/benchmark.json"),
        help="file for the figures; the picture is beside it (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    main()
