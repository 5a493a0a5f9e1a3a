"""Count, for each lesson, the calls of ArmoniK and of the helpers in the cells of its subject.

    python -m tests.lesson_calls              the lessons as they are
    python -m tests.lesson_calls 5f7776e      as they were in that commit, and as they are

A lesson's subject is never a helper call: so ArmoniK's, and gRPC's, are to be the more. Apart stand
the cells that frame a lesson (begin, end, exercise, forms) or only draw (their code is folded), and
the endpoint's calls anywhere. Whose a call is, its first name tells: what was imported, or made so.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import nbformat
from nbformat import NotebookNode

from tests.store_notebooks import NOTEBOOKS

ROOMS = {"armonik": "armonik", "grpc": "armonik", "hello_helpers": "helpers"}

FRAME = ("begin", "end", "exercise", "form")
"""What the ids of cells end with that only frame a lesson."""

ENDPOINT = ("Endpoint", "endpoint_of")

COLUMNS = ("armonik", "helpers", "armonik classes", "helpers classes", "apart")


def calls(lesson: NotebookNode) -> Counter[str]:
    """Return how many calls there are of each of COLUMNS; to make an object of a class is one."""
    owners: dict[str, str] = {}
    found: Counter[str] = Counter()
    for cell in lesson.cells:
        if cell.cell_type != "code":
            continue
        lines = [line for line in cell.source.splitlines() if not line.startswith("%")]
        tree = ast.parse("\n".join(lines))
        for _ in range(2):  # a function may use what is made below it
            for names, owner in _made(tree, owners):
                owners |= dict.fromkeys(names, owner)
        is_folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        in_frame = cell.id.endswith(FRAME) or is_folded
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (owner := _owner(node.func, owners)):
                owner = "apart" if in_frame else owner
                is_class = isinstance(node.func, ast.Name) and node.func.id[:1].isupper()
                found[f"{owner} classes" if is_class and owner != "apart" else owner] += 1
    return found


def _made(tree: ast.AST, owners: dict[str, str]) -> Iterator[tuple[list[str], str]]:
    """Yield the names that a cell makes, and whose they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            for name in node.names:
                room = ROOMS.get((module or name.name).partition(".")[0], "")
                yield [name.asname or name.name], "apart" if name.name in ENDPOINT else room
        elif isinstance(node, ast.Assign):
            names = [name for target in node.targets for name in _names_in(target)]
            yield names, _owner(node.value, owners)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield _names_in(node.optional_vars), _owner(node.context_expr, owners)
        elif isinstance(node, ast.ExceptHandler) and node.name and node.type:
            yield [node.name], _owner(node.type, owners)
        elif isinstance(node, ast.arg) and node.annotation:
            yield [node.arg], _owner(node.annotation, owners)


def _names_in(target: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def _owner(node: ast.AST, owners: dict[str, str]) -> str:
    """Return whose an expression is, by its first name; "" if it is Python's or the lesson's."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return owners.get(node.id, "") if isinstance(node, ast.Name) else ""


def lessons(commit: str = "") -> Iterator[tuple[str, NotebookNode]]:
    """Yield the lessons, as they are or as they were in a commit, by their names."""
    if not commit:
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            yield path.stem, nbformat.read(path, as_version=4)
        return
    listed = _git("ls-tree", "--name-only", commit, "./").split()
    for name in sorted(name for name in listed if name.endswith(".ipynb")):
        told = _git("show", f"{commit}:./{name}")
        yield name.removesuffix(".ipynb"), nbformat.reads(told, as_version=4)


def _git(*words: str) -> str:
    return subprocess.check_output(["git", *words], cwd=NOTEBOOKS, text=True)


def main(commits: Sequence[str]) -> None:
    """Print a table for each commit, and for the lessons as they are."""
    for commit in (*commits, ""):
        counted = {name: calls(lesson) for name, lesson in lessons(commit)}
        counted["all"] = sum(counted.values(), Counter())
        print(f"{commit or 'now':24}", *(f"{column:>16}" for column in COLUMNS))
        for name, found in counted.items():
            print(f"{name:24}", *(f"{found[column]:16}" for column in COLUMNS))


if __name__ == "__main__":
    main(sys.argv[1:])
