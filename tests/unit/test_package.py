"""The package as a whole: what it costs to import, and the names that it offers."""

import ast
from pathlib import Path

import pytest

import hello_helpers
from tests.commands import python


def modules_after(statement: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after `statement`."""
    done = python(f"{statement}\nimport sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


CLIENT = {"grpc", "armonik", "ipywidgets", "google.protobuf", "asyncio"}
READ = "from hello_helpers.__main__ import parse\nparse(['run', '-n', '3'])"


@pytest.mark.parametrize(
    ("statement", "spared"),
    [
        pytest.param("import hello_helpers", CLIENT - {"asyncio"}, id="the package: no grpc"),
        pytest.param(READ, CLIENT, id="the command line: no grpc and no event loop"),
        pytest.param(
            "import hello_helpers.worker",
            {
                "armonik.client",
                "ipywidgets",
                "hello_helpers.connect.endpoint",
                "hello_helpers.steps",
            },
            id="the worker: nothing of the client or of Jupyter",
        ),
    ],
)
def test_what_a_start_spares(statement, spared):
    assert not spared & modules_after(statement)


@pytest.mark.parametrize("name", hello_helpers.__all__)
def test_each_name_is_there(name):
    assert getattr(hello_helpers, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        _ = hello_helpers.Nope


def test_type_checkers_see_the_same_names_as_python():
    tree = ast.parse(Path(hello_helpers.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    shown = {
        alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert shown == set(hello_helpers.__all__) == set(hello_helpers._MODULES)
