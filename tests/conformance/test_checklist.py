"""That the suite is whole: each of the 91 statements is cited by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

STATEMENTS = range(1, 92)


def citations() -> Iterator[tuple[int, str]]:
    """Every number that a test function of this folder cites, read from the sources."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not (isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
                continue
            for decorator in node.decorator_list:
                if ast.unparse(decorator).startswith("pytest.mark.statement("):
                    assert isinstance(decorator, ast.Call)
                    for argument in decorator.args:
                        yield ast.literal_eval(argument), f"{path.name}::{node.name}"


def test_each_statement_is_cited_by_a_test():
    cited = {number for number, _ in citations()}
    assert cited == set(STATEMENTS), f"not cited: {sorted(set(STATEMENTS) - cited)}"


def test_each_statement_but_those_about_one_pod_can_be_tested_on_any_endpoint():
    """A statement may be left to the embedded ArmoniK only where another cannot show it."""
    anywhere = {number for number, test in citations() if not embedded_only(test)}
    # A worker killed or deaf, a queue behind exactly one worker, a worker program of our own.
    assert set(STATEMENTS) - anywhere == {17, 58, 64, 65, 66, 76, 77}


def embedded_only(test: str) -> bool:
    name, _, function = test.partition("::")
    source = (Path(__file__).parent / name).read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            marks = map(ast.unparse, node.decorator_list)
            return "pytest.mark.embedded_only" in marks
    raise LookupError(test)
