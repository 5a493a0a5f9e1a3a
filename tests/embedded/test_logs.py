"""The log: readable for people and for programs, and nobody else can write a line into it."""

import asyncio
import json
import logging
import re
from pathlib import Path

import pytest
from armonik.common import TaskStatus

from hello_helpers.embedded.compute_plane import worker_log
from hello_helpers.embedded.logs import JsonFormatter, TextFormatter
from tests.conformance.driver import Submitted
from tests.conformance.waiting import eventually

from .served import Served

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +\S")
FORGED = "2026-01-01 00:00:00,000 INFO    All is well"
BREAKS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\0", "\x1b[2K\x1b[G"]


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    found = logging.makeLogRecord({"msg": message, "args": arguments, "levelname": "WARNING"})
    vars(found).update(extra)
    return found


def raised(text: str) -> tuple[type[ValueError], ValueError, None]:
    """An exception with this text, as `sys.exc_info` gives it."""
    return ValueError, ValueError(text), None


@pytest.mark.parametrize("line_break", BREAKS)
def test_what_clients_choose_cannot_forge_a_line(line_break: str):
    forging = record("No task %s", f"x{line_break}{FORGED}")
    text = TextFormatter().format(forging)
    first, *more = text.splitlines()
    assert LINE.match(first)
    assert not any(LINE.match(line) for line in more)
    assert all(character.isprintable() for character in text.replace("\n", ""))
    entry = JsonFormatter().format(forging)
    assert entry.isprintable()
    assert entry.isascii()
    assert json.loads(entry)["message"] == f"No task x{line_break}{FORGED}"


def test_letters_of_all_scripts_stay_as_they_are_and_what_is_no_unicode_can_be_written():
    for formatter in (TextFormatter(), JsonFormatter()):
        formatter.format(record("\udc80")).encode("utf-8")
    assert "Grüße, 你好" in TextFormatter().format(record("Grüße, 你好"))


def test_the_lines_of_a_traceback_are_indented():
    text = TextFormatter().format(record("It failed", exc_info=raised(f"one\n{FORGED}")))
    first, *more = text.splitlines()
    assert first.endswith("It failed")
    assert more
    assert all(line.startswith("    ") for line in more)


def test_json_carries_time_level_message_fields_and_exception_and_no_field_replaces_another():
    extra = {"created": 0.5, "pod": "p-0", "path": Path("x"), "level": "forged", "time": "never"}
    text = JsonFormatter().format(record("Pod %s", "p-0", exc_info=raised("no"), **extra))
    assert json.loads(text) == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "WARNING",
        "logger": None,
        "message": "Pod p-0",
        "pod": "p-0",
        "path": "x",
        "exception": "ValueError: no",
    }


def log_of_a_failure(folder: Path, *options: str) -> tuple[Served, Submitted]:
    """Serve until a task has failed with a text that looks like a line of the log."""
    with Served(folder, pods=1, options=options) as served:
        with served.client() as client:
            task = client.submit(client.create_session(), ["error", f"no\n{FORGED}"])
            client.wait_task(task.task_id, TaskStatus.ERROR)
        served.stop()
    return served, task


def test_serve_writes_json_lines_on_request(folder: Path):
    served, task = log_of_a_failure(folder, "--log-format", "json")
    entries = [json.loads(line) for line in served.log]
    assert all({"time", "level", "logger", "message"} <= set(entry) for entry in entries)
    (serving,) = [entry for entry in entries if entry["message"].startswith("Serving")]
    assert serving["endpoint"] == served.endpoint
    (failed,) = [entry for entry in entries if "task" in entry]
    assert (failed["task"], failed["session"]) == (task.task_id, task.session_id)


def test_serve_writes_text_by_default_in_which_no_task_can_forge_a_line(folder: Path):
    served, task = log_of_a_failure(folder)
    assert any(task.task_id in line for line in served.log)
    assert f"    {FORGED}\n" in served.log
    assert not [line for line in served.log if line.startswith(FORGED)]


def test_a_worker_that_does_not_start_is_logged_with_its_last_lines_once_and_where_the_rest_is(
    folder: Path,
):
    command = ["sh", "-c", "echo oh dear >&2; exit 3"]
    with Served(folder, {"default": command}, pods=2) as served:
        log = eventually(
            lambda: served.text, lambda text: "Pod default-0: the same again; its next try" in text
        )
        assert log.count("default-0 exited with status 3; its last lines:\n    oh dear\n") == 1
        (pattern,) = re.findall(r"What workers write is in (.*)", log)
        assert "oh dear" in Path(pattern.replace("*", "default-0")).read_text()
        served.stop()
    logs = served.data / "logs"
    assert f"The logs of the workers are in {logs}" in served.text
    found = {path.name: "oh dear" in path.read_text() for path in logs.iterdir()}
    assert found == {"default-0.log": True, "default-1.log": True}


def test_a_worker_that_writes_much_has_its_log_cut_as_it_writes_and_not_from_time_to_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker_log, "LOOK_EVERY", 3600)
    found = worker_log.WorkerLog(tmp_path / "worker.log")
    line = b"x" * 999 + b"\n"

    async def go() -> None:
        with found.open() as file:
            keeping = asyncio.create_task(found.keep_small())
            try:
                for _ in range(3):
                    before = found.position()
                    await asyncio.sleep(0)  # it watches now
                    file.write(line * (worker_log.ROOM // len(line) + 1))
                    file.flush()
                    while found.path.stat().st_blocks * worker_log.BLOCK > worker_log.ROOM:
                        await asyncio.sleep(0.001)
                    assert found.position() > before + worker_log.ROOM
                    assert found.since(before).endswith(line.decode())
            finally:
                keeping.cancel()

    asyncio.run(asyncio.wait_for(go(), 20))
    kept = worker_log.end_of(found.path)
    assert kept.startswith(worker_log.CUT + line)
    assert kept.endswith(line)
    assert b"\0" not in kept
    assert found.tail().endswith("x" * 999)
