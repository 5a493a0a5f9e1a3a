"""Where a name comes from that a cell has not found, and what to do when a channel is closed.

The notebook of the present lesson lies in the folder that its kernel runs in. So it can be seen
whether a cell makes the name, and "run the cells above" is advised only if that helps.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hello_helpers.course.remedies import words_of_armonik

RUN_ABOVE = "run that first: menu Run, then Run All Above Selected Cell."
MADE = f"A cell of this lesson makes it: {RUN_ABOVE}"
PERHAPS_MADE = f"If a cell above makes it, {RUN_ABOVE}"
NOT_MADE = (
    "No cell of this lesson makes it. Is it spelt right? If a cell of yours does, run that first."
)

PACKAGES = ("armonik.client", "armonik.common", "armonik.worker", "hello_helpers", "datetime")
"""Where a name may be that was not imported."""


def hint_of(name: str, names: dict[str, Any], lesson: str) -> str:
    """Return where a name is that is not there.

    Args:
        name: that a cell has used.
        names: of the notebook.
        lesson: the present one; "" if none has begun.
    """
    known = [key for key in names if not key.startswith("_")]
    similar = difflib.get_close_matches(name, known, 1, 0.8)
    guess = [f"Did you mean {similar[0]!r}?"] if similar else []
    cells = cells_of(lesson)
    if any(re.search(rf"\bexcept\b.* as {name}:", cell) for cell in [*names.get("In", []), *cells]):
        return f"Python forgets it at the end of its except block. Keep it there: kept = {name}."
    if any(name in made_in(cell) for cell in cells):
        return " ".join([*guess, MADE])
    if package := next((each for each in PACKAGES if _has(each, name)), ""):
        return f"It has to be imported: from {package} import {name}."
    if name in sys.stdlib_module_names:
        return f"It has to be imported: import {name}."
    if words := words_of_armonik(name):
        return f"Write {' or '.join(words)}, of armonik.common; as a text, {name!r}."
    if cells:
        return guess[0] if guess else NOT_MADE
    return " ".join([*guess, PERHAPS_MADE])


def closed_hint(hint: str, lesson: str) -> str:
    """Return what to do about a closed channel, if it was not the last cell that has closed it."""
    cells = cells_of(lesson)
    if not cells or cells[-1].startswith("end_lesson(channel)"):
        return hint
    return "The end of a with block closes its channel: use it inside, or open a new one."


def cells_of(lesson: str) -> Sequence[str]:
    """Return the code of the cells of a lesson; nothing if its notebook is not found."""
    for path in sorted(Path().glob(f"{lesson}_*.ipynb")) if lesson else []:
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        except (OSError, ValueError, KeyError, TypeError):  # it is being saved, or is another thing
            return []
    return []


def made_in(cell: str) -> set[str]:
    """Return the names that are there when a cell has run."""
    try:
        return set(_made(ast.parse(cell)))
    except SyntaxError:  # a file that the cell writes, or what only IPython understands
        return set()


def _made(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
            continue  # what is made inside, stays there
        if isinstance(node, ast.alias):
            yield node.asname or node.name
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        yield from _made(node)


def _has(package: str, name: str) -> bool:
    found = sys.modules.get(package)
    return found is not None and not name.startswith("_") and hasattr(found, name)
