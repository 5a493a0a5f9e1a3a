"""A lesson in a kernel: its cells are run as they are, or changed, one by one or all."""

from __future__ import annotations

import copy
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode, v4
from traitlets.config import Config

from tests.lessons import offline
from tests.store_notebooks import NOTEBOOKS, joined

SECONDS_A_CELL = 60

LESSONS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))

PRIVATE = {"07_worker", "11_secure_channel", "12_own_application"}
"""Those that start an embedded ArmoniK of their own, whatever the environment says."""


def number(name: str) -> str:
    """Return what the ids of its cells begin with: "07" for "07_worker"."""
    return name.partition("_")[0]


def stored(name: str) -> NotebookNode:
    """Return a lesson as it is stored."""
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def cell_of(notebook: NotebookNode, ending: str) -> NotebookNode:
    """Return the cell whose id ends so, for example "exercise"."""
    (found,) = [cell for cell in notebook.cells if cell.id.partition("-")[2] == ending]
    return found


def text(cell: NotebookNode) -> str:
    """Return what a cell has shown, as plain text."""
    shown = []
    for output in joined(copy.deepcopy(cell.get("outputs", []))):
        if output.output_type == "stream":
            shown.append(output.text)
        elif output.output_type == "error":
            shown.append("\n".join(output.traceback))
        else:
            shown.append(output.data.get("text/plain", ""))
    return "\n".join(shown)


class Kernel:
    """A kernel, and the lesson that is open in it; use it as a context manager.

    Args:
        environment: variables to set; None as a value removes one.
        network: whether there is one; without it, the kernel has only itself, if that is allowed.
    """

    def __init__(
        self, environment: dict[str, str | None] | None = None, network: bool = True
    ) -> None:
        self._offline = bool(not network and offline.command())
        self.notebook = v4.new_notebook()
        self._environment = dict(os.environ)
        for name, value in (environment or {}).items():
            if value is None:
                self._environment.pop(name, None)
            else:
                self._environment[name] = value

    def __enter__(self) -> Kernel:
        if self._offline:
            offline.install_kernel()
            # Sockets in files, which need no network.
            sockets = Path(os.environ["JUPYTER_RUNTIME_DIR"]) / uuid.uuid4().hex[:8]
            manager = {"transport": "ipc", "ip": str(sockets)}
        else:
            manager = {"transport_encryption": "auto"}
        self._client = NotebookClient(
            self.notebook,
            timeout=SECONDS_A_CELL,
            kernel_name=offline.KERNEL if self._offline else "python3",
            config=Config({"KernelManager": manager}),
            resources={"metadata": {"path": str(NOTEBOOKS)}},
        )
        self._setup = self._client.setup_kernel(env=self._environment)
        self._setup.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._setup.__exit__(*error)

    def open(self, name: str) -> None:
        """Open a lesson, without outputs, in place of the one before."""
        self.notebook = stored(name)
        for cell in self.notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        self._client.nb = self.notebook

    def run(self, cell: NotebookNode) -> str:
        """Run one cell of the lesson; fail if it raises; return what it has shown."""
        if cell.cell_type != "code":
            return ""
        self._client.execute_cell(cell, self.notebook.cells.index(cell))
        assert [o.text for o in cell.outputs if o.get("name") == "stderr"] == [], cell.id
        return text(cell)

    def run_until(self, ending: str) -> None:
        """Run the cells before the one whose id ends so."""
        last = self.notebook.cells.index(cell_of(self.notebook, ending))
        self._run(self.notebook.cells[:last])

    def run_from(self, ending: str) -> None:
        """Run the cell whose id ends so, and all after it."""
        first = self.notebook.cells.index(cell_of(self.notebook, ending))
        self._run(self.notebook.cells[first:])

    def run_all(self) -> None:
        """Run all cells from top to bottom."""
        self._run(self.notebook.cells)

    def _run(self, cells: Sequence[NotebookNode]) -> None:
        for cell in cells:
            self.run(cell)

    def answer(self, code: str) -> str:
        """Run the exercise with `code` in place of its dots; return the verdict."""
        exercise = copy.deepcopy(cell_of(self.notebook, "exercise"))
        (dots,) = [line for line in exercise.source.splitlines() if line.endswith(" = ...")]
        exercise.source = exercise.source.replace(dots, code)
        return self._aside(exercise)

    def say(self, code: str) -> str:
        """Run code that is not in the lesson, which may raise; return what it has shown."""
        return self._aside(v4.new_code_cell(code, metadata={"tags": ["raises-exception"]}))

    def pages(self, code: str) -> str:
        """Do what `say` does; return the HTML that it has shown."""
        cell = v4.new_code_cell(code, metadata={"tags": ["raises-exception"]})
        self._aside(cell)
        return "\n".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)

    def _aside(self, cell: NotebookNode) -> str:
        """Run a cell that does not stay in the lesson."""
        self.notebook.cells.append(cell)
        try:
            self._client.execute_cell(cell, len(self.notebook.cells) - 1, store_history=False)
        finally:
            self.notebook.cells.pop()
        return text(cell)


def folder(parent: Path, name: str) -> str:
    """Make a private folder for an embedded ArmoniK; return its path, which must be short."""
    path = parent / name
    path.mkdir(mode=0o700)
    return str(path)
