"""Lesson A: the old script beside today's, and the questions that the old page leaves open."""

import contextlib
import html
import re
import threading
from collections.abc import Iterator

import grpc
import pytest
from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition

from hello_helpers import Endpoint, Payload, create_session
from tests.lessons.running import cell_of, stored, text
from tests.store_notebooks import NOTEBOOKS

SCRIPT = NOTEBOOKS.parent / "tests" / "old_clients" / "programs" / "original_page.txt"
LESSON = "A_from_the_old_page"


def columns() -> tuple[list[str], list[str]]:
    """Return the old and the new piece of code of each step."""
    table = cell_of(stored(LESSON), "names-words").source
    cells = re.findall(r"<pre[^>]*>(.*?)</pre>", table, re.DOTALL)
    code = [html.unescape(cell) for cell in cells]
    return code[::2], code[1::2]


def squeezed(code: str) -> str:
    """Return code without comments, and without what only breaks its lines."""
    return re.sub(r"[\s()\\,]", "", re.sub(r"^\s*#.*", "", code, flags=re.MULTILINE))


def test_the_left_column_is_the_original_script() -> None:
    script = squeezed(SCRIPT.read_text())
    old, _ = columns()
    assert len(old) == 13
    place = 0
    for piece in old:
        for statement in re.split(r"\n(?=import|from)", piece):
            found = script.find(squeezed(statement), place)
            assert found >= 0, statement
            place = found if statement.startswith(("import", "from")) else found + 1


def test_the_right_column_is_the_code_that_is_run() -> None:
    _, new = columns()
    assert squeezed("\n".join(new)) == squeezed(cell_of(stored(LESSON), "today").source)


def test_the_pages_way_to_give_a_payload_is_taken_for_an_id(channel: grpc.Channel) -> None:
    task = TaskDefinition(Payload([1]).serialize(), expected_output_ids=["an id"])
    with pytest.raises(grpc.RpcError) as refused:
        ArmoniKTasks(channel).submit_tasks(create_session(channel), [task])
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


def test_the_program_of_today_cancels_its_session_after_any_failure() -> None:
    source = cell_of(stored(LESSON), "today").source
    _, _, failure = source.partition("except BaseException:")
    cancelled, again, _ = failure.partition("        raise\n")
    assert "sessions.cancel_session(session_id)" in cancelled
    assert again
    assert text(cell_of(stored(LESSON), "today-result")) == "Result : 45\n"


@pytest.fixture
def stored_result(channel: grpc.Channel) -> Iterator[tuple[grpc.Channel, str, str]]:
    """A channel, a session, and a result with data in it."""
    session_id = create_session(channel)
    made = ArmoniKResults(channel).create_results({"x": b"data"}, session_id)
    yield channel, session_id, made["x"].result_id
    ArmoniKSessions(channel).close_session(session_id)


def test_what_the_page_calls_for_data_is_refused_or_returns_a_description_now(
    stored_result: tuple[grpc.Channel, str, str],
) -> None:
    channel, session_id, result_id = stored_result
    results = ArmoniKResults(channel)
    with pytest.raises(TypeError):
        results.get_result(session_id, result_id)  # as it was called
    with pytest.raises(TypeError):
        results.get_result(session_id, result_id=result_id)
    assert results.get_result(result_id).name == "x"
    assert results.download_result_data(result_id, session_id) == b"data"
    for call, more in ((results.download_result_data, []), (results.upload_result_data, [b"x"])):
        with pytest.raises(grpc.RpcError) as refused:
            call(session_id, result_id, *more)  # in the old order
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    with pytest.raises(TypeError):
        results.create_results_metadata(session_id, ["name"])


def test_the_wait_in_the_old_order_does_not_end(
    stored_result: tuple[grpc.Channel, str, str],
) -> None:
    _, session_id, result_id = stored_result
    over = threading.Event()
    with Endpoint.find().open_channel() as channel:
        wait = ArmoniKEvents(channel).wait_for_result_availability
        wait(result_id, session_id)  # in today's order it ends at once

        def in_the_old_order() -> None:
            with contextlib.suppress(ValueError):  # the channel is closed at the end
                wait(session_id, result_id)
            over.set()

        threading.Thread(target=in_the_old_order, daemon=True).start()
        assert not over.wait(2)
    assert over.wait(10)


@pytest.mark.parametrize(
    "question",
    [
        *(
            "Which Python",
            "`TaskDefinition` and `TaskOptions`",
            "module, a class, an object",
            "an instance",
            "the Submitter",
        ),
        *("metrics exporter", "What is ArmoniK", "Who makes the ids", "travel apart"),
        *("Why a channel", "What is the endpoint", "the connection made", "Why a session"),
        *("What is a partition", "each task option mean", "Leave them to defaults"),
        *("What are the values for", "And n?", "`timedelta`", "`datetime`"),
        *("Which errors can really happen", "look for tasks", "ask all the time"),
        *("send the task back", "from the data plane", "argument parsing", "How do I stop"),
        *("How do I clean up", "good bye", "Where to go next"),
    ],
)
def test_a_question_of_the_page_has_an_answer_and_a_lesson(question: str) -> None:
    source = cell_of(stored(LESSON), "calls").source.partition("## Questions")[2]
    rows = [row.split("|")[1:-1] for row in source.splitlines() if row.startswith("|")]
    (row,) = [row for row in rows if question in row[0]]
    assert len(row[1].split()) >= 5
    assert re.search(r"\b\d\d\b", row[2])
