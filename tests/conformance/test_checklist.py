"""That the suite is whole: each of the 91 statements is cited by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STATEMENTS = set(range(1, 92))


@dataclass(frozen=True)
class Citation:
    number: int
    embedded_only: bool


def citations() -> Iterator[Citation]:
    """Every number that a test function of this folder cites, read from the sources."""
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = [ast.unparse(decorator) for decorator in node.decorator_list]
                embedded_only = "pytest.mark.embedded_only" in marks
                for mark in marks:
                    before, _, number = mark.rstrip(")").partition("pytest.mark.statement(")
                    if not before and number:
                        yield Citation(int(number), embedded_only)


def test_each_statement_is_cited_by_a_test():
    cited = {citation.number for citation in citations()}
    assert cited == STATEMENTS, f"not cited: {sorted(STATEMENTS - cited)}"


def test_each_statement_but_those_about_one_pod_can_be_tested_on_any_endpoint():
    """A statement may be left to the embedded ArmoniK only where another cannot show it."""
    anywhere = {citation.number for citation in citations() if not citation.embedded_only}
    # A worker killed or deaf, a queue behind exactly one worker, a worker program of our own.
    assert STATEMENTS - anywhere == {17, 58, 64, 65, 66, 76, 77}
