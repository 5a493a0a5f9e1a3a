"""The window of ``hello-armonik lab --layout``: a lesson on the left, a live board on the right.

JupyterLab keeps what is open where as a workspace, under a name. Ours is written anew each time;
workspaces of other names are left as they are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hello_helpers.course.working_copy import WELCOME, LessonsError

WORKSPACE = "hello-armonik-layout"

PAGE = f"lab/workspaces/{WORKSPACE}"

BOARD = "board.ipynb"

TEXT = """\
## What happens in ArmoniK now

Run the cell below (Shift+Enter). It looks every second, whichever notebook or program makes the
tasks, until you press ■."""

CODE = """\
from hello_helpers.course.live_board import live_board

live_board()"""


def prepare(folder: Path) -> None:
    """Write the board into a learner's folder, if it is not there, and the workspace.

    Raises:
        LessonsError: one of them cannot be written.
    """
    from jupyterlab.commands import get_workspaces_dir  # type: ignore[import-untyped]
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    board = folder / BOARD
    try:
        if not board.exists():
            board.write_text(json.dumps(_board(), indent=1) + "\n", encoding="utf-8")
        WorkspacesManager(get_workspaces_dir()).save(WORKSPACE, json.dumps(_workspace()))
    except OSError as error:
        raise LessonsError(
            f"The layout cannot be written: {error.strerror}: {error.filename}",
            "Start without --layout, or make room on the disk.",
        ) from error


def _board() -> dict[str, Any]:
    text = {"cell_type": "markdown", "id": "board-text", "metadata": {}, "source": TEXT}
    code = {"cell_type": "code", "id": "board-code", "metadata": {}, "source": CODE}
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": [text, {**code, "execution_count": None, "outputs": []}],
    }


def _workspace() -> dict[str, Any]:
    names = [f"notebook:{name}" for name in (WELCOME, BOARD)]
    halves = [{"type": "tab-area", "currentIndex": 0, "widgets": [name]} for name in names]
    dock = {"type": "split-area", "orientation": "horizontal", "sizes": [0.6, 0.4]}
    opened = {
        name: {"data": {"path": name.partition(":")[2], "factory": "Notebook"}} for name in names
    }
    layout = {
        "main": {"dock": {**dock, "children": halves}, "current": names[0]},
        "left": {"collapsed": True, "widgets": []},
        "right": {"collapsed": True, "widgets": []},
    }
    return {
        "data": {"layout-restorer:data": layout, **opened},
        "metadata": {"id": WORKSPACE},
    }
