"""The log: readable for people and for programs, and nobody else can write a line into it."""

from __future__ import annotations

import datetime
import json
import logging
import re
import sys
from pathlib import Path

import pytest
from armonik.common import TaskStatus

from hello_helpers.embedded.logs import JsonFormatter, TextFormatter
from tests.conformance.waiting import eventually

from .served import Served

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +\S")
FORGED = "2026-01-01 00:00:00,000 INFO    All is well"
BREAKS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\0", "\x1b[2K\x1b[G"]


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    found = logging.makeLogRecord({"msg": message, "args": arguments, "levelname": "WARNING"})
    vars(found).update(extra)
    return found


@pytest.mark.parametrize("line_break", BREAKS)
def test_what_clients_choose_cannot_forge_a_line_of_text(line_break: str):
    text = TextFormatter().format(record("No task %s", f"x{line_break}{FORGED}"))
    first, *more = text.splitlines()
    assert LINE.match(first)
    assert not any(LINE.match(line) for line in more)
    assert all(character.isprintable() for character in text.replace("\n", ""))


@pytest.mark.parametrize("line_break", BREAKS)
def test_what_clients_choose_cannot_forge_a_line_of_json(line_break: str):
    text = JsonFormatter().format(record("No task %s", f"x{line_break}{FORGED}"))
    assert text.isprintable()
    assert text.isascii()
    assert json.loads(text)["message"] == f"No task x{line_break}{FORGED}"


def test_text_that_is_no_unicode_can_be_written():
    TextFormatter().format(record("\udc80")).encode("utf-8")
    JsonFormatter().format(record("\udc80")).encode("utf-8")


def test_letters_of_all_scripts_stay_as_they_are():
    assert "Grüße, 你好" in TextFormatter().format(record("Grüße, 你好"))


def test_the_lines_of_a_traceback_are_indented():
    try:
        raise ValueError(f"one\n{FORGED}")
    except ValueError:
        text = TextFormatter().format(record("It failed", exc_info=sys.exc_info()))
    first, *more = text.splitlines()
    assert first.endswith("It failed")
    assert more
    assert all(line.startswith("    ") for line in more)


def test_json_carries_time_level_message_fields_and_exception():
    try:
        raise ValueError("no")
    except ValueError:
        text = JsonFormatter().format(
            record("Pod %s", "p-0", created=0.5, pod="p-0", path=Path("x"), exc_info=sys.exc_info())
        )
    entry = json.loads(text)
    assert entry.pop("exception").endswith("ValueError: no")
    assert entry == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "WARNING",
        "logger": None,
        "message": "Pod p-0",
        "pod": "p-0",
        "path": "x",
    }


def test_fields_cannot_replace_what_every_line_has():
    entry = json.loads(JsonFormatter().format(record("true", level="forged", time="never")))
    assert entry["level"] == "WARNING"
    assert datetime.datetime.fromisoformat(entry["time"])


def test_serve_writes_json_lines_on_request(folder: Path):
    with Served(folder, pods=1, options=("--log-format", "json")) as served:
        with served.client() as client:
            session = client.create_session()
            task = client.submit(session, ["error", f"no\n{FORGED}"])
            client.wait_task(task.task_id, TaskStatus.ERROR)
        served.stop()
        entries = [json.loads(line) for line in served.log]
    assert all({"time", "level", "logger", "message"} <= set(entry) for entry in entries)
    (serving,) = [entry for entry in entries if entry["message"].startswith("Serving")]
    assert serving["endpoint"] == served.endpoint
    (failed,) = [entry for entry in entries if "task" in entry]
    assert (failed["task"], failed["session"]) == (task.task_id, session)


def test_serve_writes_text_by_default_in_which_no_task_can_forge_a_line(folder: Path):
    with Served(folder, pods=1) as served:
        with served.client() as client:
            task = client.submit(client.create_session(), ["error", f"no\n{FORGED}"])
            client.wait_task(task.task_id, TaskStatus.ERROR)
        served.stop()
    assert any(task.task_id in line for line in served.log)
    assert f"    {FORGED}\n" in served.log
    assert not [line for line in served.log if line.startswith(FORGED)]


def test_a_worker_that_does_not_start_is_logged_with_its_last_lines_and_where_the_rest_is(
    folder: Path,
):
    command = ["sh", "-c", "echo oh dear >&2; exit 3"]
    with Served(folder, {"default": command}, pods=1) as served:
        log = eventually(lambda: served.text, lambda text: "WARNING" in text)
        assert "exited with status 3" in log
        assert "    oh dear" in log
        (path,) = set(re.findall(r"The whole log of the worker of pod default-0: (.*)", log))
        assert "oh dear" in Path(path).read_text()


def test_the_logs_of_workers_stay_in_the_data_folder_after_the_end(folder: Path):
    command = ["sh", "-c", "echo oh dear >&2; exit 3"]
    with Served(folder, {"default": command}, pods=2) as served:
        eventually(lambda: served.text, lambda text: text.count("The whole log") >= 2)
        served.stop()
    logs = served.data / "logs"
    assert f"The logs of the workers are in {logs}" in served.text
    assert {path.name for path in logs.iterdir()} == {"default-0.log", "default-1.log"}
    assert all("oh dear" in path.read_text() for path in logs.iterdir())
