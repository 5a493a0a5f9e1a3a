"""Run the notebooks against a fresh embedded ArmoniK and store them with their results.

    python -m tests.store_notebooks                   all, in their order
    python -m tests.store_notebooks 02_session 05     only those that start so

Everything that would differ from run to run, or that belongs to this machine, is left out: times,
widget models, versions. Nothing is written if a cell fails or writes to stderr.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

from tests.isolation import FOREIGN, end_shared_armonik, environment
from tests.static_outputs import static

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SECONDS_A_CELL = 60
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MAY_FAIL = {"raises-exception", "nbval-raises-exception"}


def main(names: Sequence[str]) -> int:
    """Store the notebooks whose names start with one of `names`; return an exit status."""
    paths = chosen(names)
    if not paths:
        return complain(f"No notebook in {NOTEBOOKS} starts with: {' '.join(names)}")
    if others := sorted(name for name in os.environ if name == "AK_ENDPOINT" or "Grpc__" in name):
        return complain(
            f"Stored results come from the embedded ArmoniK only; unset {', '.join(others)}."
        )
    folder = Path(tempfile.mkdtemp(prefix="ha-"))
    for name in filter(FOREIGN.fullmatch, list(os.environ)):
        del os.environ[name]
    os.environ.update(environment(folder))
    (folder / "work").mkdir()
    try:
        for path in paths:
            print(f"{path.name}: ", end="", flush=True)
            # Its last cell tells of the learner's progress: let it be the same in whatever order.
            os.environ["HELLO_PROGRESS_DIR"] = str(folder / "progress" / path.stem)
            notebook = nbformat.read(path, as_version=4)
            execute(notebook, folder / "work")
            clean(notebook)
            if problems := complaints(notebook):
                return complain(*problems)
            nbformat.write(notebook, path)
            print("stored")
    except CellExecutionError as error:
        return complain(str(error))
    finally:
        end_shared_armonik()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def chosen(names: Sequence[str]) -> list[Path]:
    """Return the notebooks whose names start with one of `names`; all, if there are none."""
    everything = sorted(NOTEBOOKS.glob("*.ipynb"))
    return [path for path in everything if path.name.startswith(tuple(names) or "")]


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in a fresh kernel, in `folder`, where no file of an earlier run lies."""
    NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),  # else it warns
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def clean(notebook: NotebookNode) -> None:
    """Leave out what is of no use to a reader, or of this run only."""
    notebook.metadata = NotebookNode(METADATA)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k != "execution"})
        for output in cell.outputs:
            if "data" in output and len(output.data) > 1:
                output.data.pop(WIDGET_VIEW, None)  # a view of a model that is gone shows an error
        cell.outputs = [each for output in joined(cell.outputs) for each in static(output)]


def joined(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream: where they are cut is chance."""
    result: list[NotebookNode] = []
    for output in outputs:
        last = result[-1] if result else None
        if last and last.output_type == output.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def complaints(notebook: NotebookNode) -> list[str]:
    """Return what must not be stored: errors of cells that may not fail, and stderr."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            may_fail = MAY_FAIL & set(cell.metadata.get("tags", []))
            if output.output_type == "error" and not may_fail:
                found.append(f"cell {number} fails: {output.ename}: {output.evalue}")
            if output.get("name") == "stderr":
                found.append(f"cell {number} writes to stderr: {output.text}")
    return found


def complain(*lines: str) -> int:
    """Print the lines to stderr; return the exit status of a failure."""
    print(*lines, sep="\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
