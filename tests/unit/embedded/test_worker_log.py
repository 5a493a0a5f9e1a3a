"""What a worker's log tells: its last lines, and the last exception in it."""

import json
import traceback
from pathlib import Path

import pytest

from hello_helpers.embedded.compute_plane.worker_log import (
    SEARCHED,
    TAIL,
    WorkerLog,
    exception_in,
)


def clef(message: str, **fields: str) -> str:
    """A line as armonik's ClefLogger writes it."""
    return json.dumps({"@t": "2026-01-01T00:00:00", "@l": "INFO", "@mt": message, **fields})


def tracebacks_of(error: BaseException) -> str:
    """What the library puts under ``@x``."""
    try:
        raise error
    except BaseException as raised:
        return "\n".join(traceback.format_exception(raised))


def failed(error: BaseException) -> str:
    """A line that armonik's library logs for an exception."""
    text = tracebacks_of(error)
    return clef(f"Failed task {text}", **{"@x": text})


GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "worker.py", line 1, in work
  |     raise ExceptionGroup("many", errors)
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "worker.py", line 2, in work
    | ValueError: a
    +---------------- 2 ----------------
    | TypeError: b
    +------------------------------------
"""


# --- the last exception ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (
            ["no json", "[]", '{"@x": "ValueError: old"}', '{"@x": "OSError: new"}', "{", "{}"],
            "OSError: new",
        ),
        (["just", "text"], ""),
        ([failed(ValueError("bad\n  and worse"))], "ValueError: bad\n  and worse"),
        (
            [clef("Failed task", **{"@x": GROUP})],
            "ExceptionGroup: many (2 sub-exceptions)\nValueError: a\nTypeError: b",
        ),
        (
            ["Failed task", "".join(traceback.format_exception(ValueError("old")))],
            "",  # no traceback: it may be about anything
        ),
        (
            ["ERROR:root:Failed", tracebacks_of(ValueError("of a logger of its own")), "and so on"],
            "ValueError: of a logger of its own",
        ),
    ],
)
def test_the_last_exception_of_a_log_is_found_among_other_lines(lines: list[str], found: str):
    assert exception_in("\n".join(lines)) == found


# --- the last lines -------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> WorkerLog:
    (tmp_path / "worker.log").write_text("of a worker before\n")
    return WorkerLog(tmp_path / "worker.log")


def write(log: WorkerLog, *lines: str) -> None:
    with log.open() as file:
        file.write("".join(f"{line}\n" for line in lines).encode())


def test_the_last_lines_are_those_of_the_present_worker_as_they_are_read(log: WorkerLog):
    write(log, clef("Worker Started"), "hello", "", failed(ValueError("bad")), "  indented")
    assert log.tail() == "Worker Started\nhello\nValueError: bad\n  indented"


def test_the_last_lines_begin_at_the_start_of_a_line(log: WorkerLog):
    write(log, *(f"line {number} {'.' * 90}" for number in range(10 * SEARCHED // 100)))
    lines = log.tail().splitlines()
    assert all(line.startswith("line ") and line.endswith("." * 90) for line in lines)
    assert TAIL - 110 < len(log.tail()) <= TAIL


def test_the_last_lines_may_be_those_of_one_task(log: WorkerLog):
    write(log, failed(ValueError("of a task before")))
    position = log.position()
    assert log.tail(position) == ""
    write(log, "of this task")
    assert log.tail(position) == "of this task"


def test_of_an_exception_with_a_long_traceback_the_exception_is_shown(log: WorkerLog):
    def deep(depth: int) -> None:
        if not depth:
            raise ValueError("at the bottom")
        deep(depth - 1)

    try:
        deep(50)
    except ValueError as error:
        write(log, failed(error))
    assert log.tail() == "ValueError: at the bottom"


@pytest.mark.parametrize("length", [TAIL + 1, 2 * SEARCHED])
def test_of_a_line_without_end_a_part_is_shown(log: WorkerLog, length: int):
    write(log, "first", "x" * length)
    assert log.tail() == "x" * TAIL + "…"


def test_a_log_without_a_line_has_no_last_lines(log: WorkerLog):
    assert log.tail() == ""
