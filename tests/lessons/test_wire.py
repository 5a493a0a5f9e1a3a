"""What the lessons say about the calls on the wire, and that their pictures are stored."""

from collections.abc import Iterator

import grpc
import pytest
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks, ArmoniKVersions
from armonik.common import TaskDefinition

from hello_helpers import (
    Endpoint,
    Payload,
    create_payload,
    create_session,
    submit_task,
    wait_for_result,
)
from hello_helpers.batches import create_payloads, download_all, submit_all, wait_all
from hello_helpers.course.sessions import hello_partition
from hello_helpers.wire import Wire, on_the_wire
from tests.lessons.running import cell_of, stored

PICTURES = {
    "01_channel": ["wire"],
    "02_session": ["wire"],
    "03_payload": ["wire"],
    "04_submit": ["wire"],
    "05_wait": ["wire"],
    "06_the_whole_client": ["wire"],
    "10_many_tasks": ["naive-wire"],
}

LOOKS = "Results.ListResults"
"""What a wait asks besides its stream. How many there are depends on the machine."""


@pytest.fixture
def session_id(channel: grpc.Channel) -> Iterator[str]:
    made = create_session(channel, hello_partition())
    yield made
    ArmoniKSessions(channel).cancel_session(made)


def names(wire: Wire) -> list[str]:
    """Return the calls, but for looks."""
    return [call.name for call in wire.calls if call.name != LOOKS]


@pytest.mark.parametrize("lesson", PICTURES)
def test_the_picture_is_stored_with_a_table_and_a_text(lesson: str) -> None:
    for ending in PICTURES[lesson]:
        cell = cell_of(stored(lesson), ending)
        first, output = cell.outputs[0], cell.outputs[-1]  # the picture stands apart, or inside
        picture = first.data.get("image/svg+xml", output.data["text/html"])
        assert "nbval-check-output" not in cell.metadata.get("tags", [])  # times differ
        assert "<title>The calls on the wire</title>" in picture
        assert "<table>" in output.data["text/html"]
        assert "\N{MULTIPLICATION X}" not in output.data["text/plain"], "a call has failed"
        assert "\N{CHECK MARK} OK" in output.data["text/plain"]


def test_to_open_a_channel_is_no_call() -> None:
    with Endpoint.find().open_channel() as fresh, on_the_wire(fresh) as wire:
        assert names(wire) == []
        ArmoniKVersions(fresh).list_versions()
    assert names(wire) == ["Versions.ListVersions"]


def test_small_data_goes_in_one_message_and_large_data_in_a_stream(
    channel: grpc.Channel, session_id: str
) -> None:
    results = ArmoniKResults(channel)
    large_id = create_payload(channel, session_id, Payload([1])).result_id
    with on_the_wire(channel) as wire:
        results.create_results({"small": b"12345"}, session_id)
        results.upload_result_data(large_id, session_id, bytes(5_000_000))
    inline, _, upload = wire.calls
    assert (inline.name, inline.is_stream) == ("Results.CreateResults", False)
    assert inline.requests.size < 100
    assert upload.streams_requests
    assert upload.requests.count > 2
    assert upload.requests.size > 5_000_000


def test_a_submission_is_as_small_with_a_large_payload_as_with_a_small_one(
    channel: grpc.Channel, session_id: str
) -> None:
    sizes = set()
    for numbers in ([1], list(range(50_000))):
        data = create_payload(channel, session_id, Payload(numbers))
        task = TaskDefinition(payload_id=data.payload_id, expected_output_ids=[data.result_id])
        with on_the_wire(channel) as wire:
            ArmoniKTasks(channel).submit_tasks(session_id, [task])
        (call,) = wire.calls
        sizes.add(call.requests.size)
    assert len(sizes) == 1
    assert sizes.pop() < 200


def test_the_whole_client_makes_seven_calls(channel: grpc.Channel) -> None:
    with on_the_wire(channel) as wire:
        made = create_session(channel, hello_partition())
        data = create_payload(channel, made, Payload([1, 2]))
        submit_task(channel, made, data)
        wait_for_result(channel, made, data.result_id)
        ArmoniKSessions(channel).close_session(made)
    assert names(wire) == [
        "Sessions.CreateSession",
        "Results.CreateResults",
        "Results.CreateResultsMetaData",
        "Tasks.SubmitTasks",
        "Events.GetEvents",
        "Results.DownloadResultData",
        "Sessions.CloseSession",
    ]
    assert wire.calls[4].was_stopped
    assert "\N{BLACK SQUARE} ended" in repr(wire)


def test_a_hundred_tasks_in_batches_need_four_calls_and_their_downloads(
    channel: grpc.Channel, session_id: str
) -> None:
    with on_the_wire(channel) as wire:
        data = create_payloads(channel, session_id, [Payload([1])] * 100, batch_size=100)
        submit_all(channel, session_id, data, batch_size=100)
        result_ids = [each.result_id for each in data]
        wait_all(channel, session_id, result_ids, timeout=60)
        download_all(channel, session_id, result_ids, at_once=8)
    assert len(names(wire)) == 104
    assert names(wire).count("Results.DownloadResultData") == 100
