"""The lessons: where their notebooks are, and the working copy that a learner gets of them.

A working copy is a folder with the notebooks, outputs cleared, with the sheet that tells the whole
course on one page, and a small file that remembers what was written there. Whatever the learner has
changed since is theirs and is never written again; what is still as written follows the lessons
when these are updated; what is missing comes back.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hello_helpers.errors import HelloError

WELCOME = "00_welcome.ipynb"

MEMORY = ".hello-armonik.json"
"""In a working copy: the SHA-256 of each file as it was written there, by file name."""

INSTALLED = "share/hello-armonik/notebooks/"
"""Where a wheel puts the notebooks, as pyproject.toml says ("data-files")."""


class LessonsError(HelloError):
    """The notebooks cannot be found or copied."""


class OutdatedError(LessonsError, ImportError):
    """A notebook imports what the course does not have any more: a learner's copy is kept as it is.

    Args:
        wanted: what it imports.
    """

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"There is no {wanted} in this version of the course: this notebook seems to be a copy "
            "of a lesson of an earlier one.",
            "For the fresh lesson, rename or delete this copy and start `hello-armonik lab` again; "
            "or get all lessons anew beside yours: `hello-armonik lab --dir FOLDER`.",
        )


@dataclass
class WorkingCopy:
    """A learner's folder, and what `refresh` did to it (names of files, in order)."""

    folder: Path
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Changed by the learner, and so left alone, although the lesson differs."""


def find() -> Path:
    """Return the folder of the stored notebooks: in a clone, or where a wheel put them.

    Raises:
        LessonsError: if the installation has none.
    """
    clone = Path(__file__).parents[2] / "notebooks"
    if (clone / WELCOME).is_file():
        return clone
    for file in importlib.metadata.files("hello-armonik") or ():
        if file.as_posix().endswith(INSTALLED + WELCOME):
            path = Path(str(file.locate())).resolve()
            if path.is_file():
                return path.parent
    raise LessonsError(
        "This installation of hello-armonik has no notebooks.",
        "Install it again, from the folder of the clone: python -m pip install --force-reinstall .",
    )


def refresh(folder: Path, source: Path | None = None) -> WorkingCopy:
    """Bring the working copy in `folder` up to date with the notebooks in `source` (or `find()`).

    Raises:
        LessonsError: if `folder` is the source itself, or cannot be written.
    """
    source = source or find()
    folder = folder.expanduser().absolute()
    if folder.resolve() == source.resolve():
        raise LessonsError(
            f"{folder} holds the lessons themselves, with their stored results.",
            "Give another folder for your own copy: --dir FOLDER",
        )
    copy = WorkingCopy(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = _recall(folder)
        for path in sorted([*source.glob("*.ipynb"), *source.glob("*.html")]):
            text = path.read_text(encoding="utf-8")
            content = cleared(text) if path.suffix == ".ipynb" else text
            _refresh_file(copy, path.name, content.encode(), written)
        _write(folder / MEMORY, (json.dumps(written, indent=1) + "\n").encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise LessonsError(
            f"The notebooks cannot be copied to {folder}: {reason}.",
            "Give a folder that you can write to: --dir FOLDER",
        ) from error
    return copy


def _refresh_file(copy: WorkingCopy, name: str, lesson: bytes, written: dict[str, str]) -> None:
    """Write one lesson, unless the learner's file stands in its place; update `written`."""
    target = copy.folder / name
    there = target.read_bytes() if target.exists() else None
    if there is not None and there != lesson and _digest(there) != written.get(name):
        copy.kept.append(name)
        return
    if there is None:
        copy.added.append(name)
    elif there != lesson:
        copy.updated.append(name)
    if there != lesson:
        _write(target, lesson)
    written[name] = _digest(lesson)


def cleared(text: str) -> str:
    """Return the JSON of a notebook without what a run leaves in it: outputs, counts, times."""
    notebook: dict[str, Any] = json.loads(text)
    notebook["metadata"].pop("widgets", None)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
            cell["metadata"].pop("execution", None)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _recall(folder: Path) -> dict[str, str]:
    """Return what MEMORY says; nothing if it is missing or damaged (then every file is kept)."""
    try:
        memory = json.loads((folder / MEMORY).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
