"""That the suite is whole: each of the 91 statements is cited by a test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

STATEMENTS = set(range(1, 92))


def citations() -> Iterator[tuple[int, bool]]:
    """Every number that a test function of this folder cites, and if only the embedded shows it."""
    for path in Path(__file__).parent.glob("test_*.py"):
        for test in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
                marks = [ast.unparse(decorator) for decorator in test.decorator_list]
                for number in re.findall(r"(?:mark\.statement|refused)\((\d+)", " ".join(marks)):
                    yield int(number), "pytest.mark.embedded_only" in marks


def test_each_statement_is_cited_by_a_test():
    cited = {number for number, _ in citations()}
    assert cited == STATEMENTS, f"not cited: {sorted(STATEMENTS - cited)}"


def test_each_statement_but_those_about_one_pod_can_be_tested_on_any_endpoint():
    """A statement may be left to the embedded ArmoniK only where another cannot show it."""
    anywhere = {number for number, embedded_only in citations() if not embedded_only}
    # A worker killed or deaf, a queue behind exactly one worker, a worker program of our own.
    assert STATEMENTS - anywhere == {17, 58, 64, 65, 66, 76, 77}
