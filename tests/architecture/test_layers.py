"""Imports point down, never up, never in a circle; whoever breaks that is told by name."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import complaints, imports

PACKAGE = Path(__file__).parents[2] / "hello_helpers"


def test_the_house_stands() -> None:
    assert complaints(imports("hello_helpers"), "hello_helpers") == []


def test_the_hall_is_small() -> None:
    modules = sorted(PACKAGE.glob("*.py"))
    assert len(modules) <= 8, [module.name for module in modules]
    assert sum(len(module.read_text("utf-8").splitlines()) for module in modules) <= 900


PLANES = ("embedded/control_plane", "embedded/data_plane", "embedded/compute_plane")
ROOMS = (
    "connect",
    "wait",
    "course",
    "forms",
    "exercises",
    "display",
    "wire",
    "cli",
    "embedded",
    *PLANES,
)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for_and_imports_nothing_eagerly(room: str) -> None:
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    assert len((ast.get_docstring(tree) or "").splitlines()) >= 3
    eager = [
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None) or "." * getattr(node, "level", 0),)
        if getattr(node, "level", 0) or name.startswith("hello_helpers")
    ]
    assert eager == []


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the package, under another name, that can be spoilt."""
    folder = tmp_path_factory.mktemp("copy") / "tried"
    for source in PACKAGE.rglob("*.py"):
        target = folder / source.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        target.write_text(text.replace("hello_helpers", "tried"), encoding="utf-8")
    sys.path.insert(0, str(folder.parent))
    yield folder
    sys.path.remove(str(folder.parent))
    sys.modules.pop("tried", None)


UP = "connect/address.py"
PLAIN = "from tried.course import values"


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        pytest.param(UP, PLAIN, "tried.course.values", id="plain"),
        pytest.param(UP, f"def later():\n    {PLAIN}", "tried.course.values", id="lazy"),
        pytest.param(
            UP,
            f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {PLAIN}",
            "tried.course.values",
            id="type checking",
        ),
        pytest.param(UP, 'NAME = "tried.course.values"', "tried.course.values", id="string"),
        pytest.param(
            UP, 'COMMAND = "python -m tried.course.values"', "tried.course.values", id="command"
        ),
        pytest.param(UP, "from tried import steps", "tried.steps", id="hall"),
        pytest.param(UP, "from tried import Endpoint", "upwards", id="the package itself"),
        pytest.param("forms/html.py", "import tried.cli.run", "tried.cli.run", id="sideways"),
        pytest.param(
            "errors.py", "def why():\n    import tried.messages", "in a circle", id="circle"
        ),
        pytest.param(
            "wait/events.py", "import tried.worker", "runs in a pod", id="use of the worker"
        ),
        pytest.param("worker.py", "import tried.labels", "deployed alone", id="worker"),
        pytest.param(
            "embedded/tls.py", "import tried.errors", "out of the embedded", id="out of embedded"
        ),
        pytest.param(
            "course/values.py", "import tried.embedded.tls", "past the door", id="past the door"
        ),
        pytest.param("forms/html.py", "import tried.embedded", "no business", id="no business"),
        pytest.param(
            "embedded/control_plane/server.py",
            "from ..compute_plane import pod",
            "between the planes",
            id="planes",
        ),
        pytest.param(
            "embedded/data_plane/tasks.py",
            "from ..control_plane import server",
            "between the planes",
            id="data plane",
        ),
    ],
)
def test_a_wrong_import_of_each_kind_is_told(
    copied: Path, module: str, line: str, told: str
) -> None:
    path = copied / module
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n\n{line}\n", encoding="utf-8")
    try:
        found = [each for each in complaints(imports("tried"), "tried") if told in each]
    finally:
        path.write_text(text, encoding="utf-8")
    name = "tried." + module.removesuffix(".py").replace("/", ".")
    assert any(name in each for each in found), found
