"""The package as a whole: what it costs to import, and the names that it offers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hello_helpers


def modules_after(statement: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after `statement`."""
    code = f"{statement}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_it_imports_neither_grpc_nor_widgets():
    assert not {"grpc", "armonik", "ipywidgets", "google.protobuf"} & modules_after(
        "import hello_helpers"
    )


def test_the_command_line_is_read_before_grpc_is_imported():
    statement = "from hello_helpers.__main__ import parse\nparse(['run', '-n', '3'])"
    assert not {"grpc", "armonik", "ipywidgets", "asyncio"} & modules_after(statement)


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
