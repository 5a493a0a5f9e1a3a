"""A pytest plugin: which statements of ArmoniK's checklist hold, in one line at the end of a run.

It is loaded by ``-p tests.statements`` in pyproject.toml, because a run that is spread over several
processes (pytest-xdist) is summed up in one that loads no conftest.py of the tests.
"""

from collections.abc import Iterator
from typing import Any

import pytest


class Statements:
    """Collects the outcomes of the tests that show a statement."""

    def __init__(self) -> None:
        self._outcomes: dict[int, set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Note in a test's report which statements it is about."""
        report: Any = yield
        report.statements = [n for marker in item.iter_markers("statement") for n in marker.args]
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take a report, of this process or of another one."""
        if report.when == "call" or report.outcome != "passed":
            for number in getattr(report, "statements", ()):
                self._outcomes.setdefault(number, set()).add(report.outcome)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Sum it up, if anything was looked at."""
        if not self._outcomes:
            return
        broken = sorted(n for n, seen in self._outcomes.items() if "failed" in seen)
        holding = [n for n, seen in self._outcomes.items() if "passed" in seen and n not in broken]
        line = f"conformance: {len(holding)} statements hold of {len(self._outcomes)} looked at"
        if broken:
            line += f"; broken: {', '.join(map(str, broken))}"
        terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to collect."""
    config.pluginmanager.register(Statements(), "statements")
