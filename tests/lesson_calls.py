"""Count, for each lesson, the calls of ArmoniK and of the helpers in the cells of its subject.

    python -m tests.lesson_calls              the lessons as they are
    python -m tests.lesson_calls 5776e0c      as they were in that commit, too

A lesson's subject is never a helper call: so ArmoniK's are to be the more. Apart stand the calls
that frame a lesson, wherever they are: begin, end, endpoint, exercise, form. Whose a call is, tells
its first name: what was imported, or what was made by a call of that.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from tests.store_notebooks import NOTEBOOKS

ROOM = {"armonik": "armonik", "grpc": "armonik", "hello_helpers": "helpers"}

FRAME = ("begin_lesson", "end_lesson", "Endpoint", "endpoint_of", "exercise_", "Form")
"""What the names of calls begin or end with that only frame a lesson."""


def calls(lesson: NotebookNode) -> Counter[str]:
    """Return how many calls there are of "armonik", of its "classes", of "helpers", and "apart"."""
    owners: dict[str, str] = {}
    found: Counter[str] = Counter()
    for cell in lesson.cells:
        if cell.cell_type != "code":
            continue
        lines = cell.source.splitlines()
        tree = ast.parse("\n".join(line for line in lines if not line.startswith("%")))
        for _ in range(2):  # a function may use what is made below it
            for names, owner in bindings(tree, owners):
                owners |= dict.fromkeys(names, owner)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (owner := owner_of(node.func, owners)):
                is_class = isinstance(node.func, ast.Name) and node.func.id[:1].isupper()
                found["classes" if is_class and owner == "armonik" else owner] += 1
    return found


def bindings(tree: ast.AST, owners: dict[str, str]) -> Iterator[tuple[list[str], str]]:
    """Yield the names that a cell makes, and whose they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield [name.asname or name.name], ROOM.get(name.name.partition(".")[0], "")
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                bound = name.asname or name.name
                yield [bound], apart(bound) or ROOM.get((node.module or "").partition(".")[0], "")
        elif isinstance(node, ast.Assign):
            yield (
                [n for target in node.targets for n in names_in(target)],
                owner_of(node.value, owners),
            )
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield names_in(node.optional_vars), owner_of(node.context_expr, owners)
        elif isinstance(node, ast.ExceptHandler) and node.name and node.type:
            yield [node.name], owner_of(node.type, owners)
        elif isinstance(node, ast.arg) and node.annotation:
            yield [node.arg], owner_of(node.annotation, owners)


def apart(name: str) -> str:
    return "apart" if name.startswith(FRAME) or name.endswith(FRAME) else ""


def names_in(target: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def owner_of(node: ast.AST, owners: dict[str, str]) -> str:
    """Return whose an expression is, by its first name; "" if it is Python's or the lesson's."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return owners.get(node.id, "") if isinstance(node, ast.Name) else ""


def lessons(commit: str = "") -> Iterator[tuple[str, NotebookNode]]:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if commit:
            shown = subprocess.run(
                ["git", "show", f"{commit}:notebooks/{path.name}"],
                capture_output=True,
                text=True,
                cwd=NOTEBOOKS,
            )
            if shown.returncode:
                continue
            yield path.stem, nbformat.reads(shown.stdout, as_version=4)
        else:
            yield path.stem, nbformat.read(path, as_version=4)


def main(commits):
    for commit in [*commits, ""]:
        s = Counter()
        print(commit or "now")
        for name, lesson in lessons(commit):
            c = calls(lesson)
            s += c
            print(f"{name:28} {c['armonik']:4} {c['classes']:4} {c['helpers']:4} {c['apart']:4}")
        print(s)


if __name__ == "__main__":
    main(sys.argv[1:])
