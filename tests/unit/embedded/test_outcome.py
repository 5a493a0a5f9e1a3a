"""What the end of a Process call means for the task."""

import grpc
import pytest
from armonik.protogen.common.objects_pb2 import Empty, Output
from armonik.protogen.common.worker_common_pb2 import ProcessReply

from hello_helpers.embedded.compute_plane.outcome import (
    NO_REPLY,
    Outcome,
    Verdict,
    of_failure,
    of_reply,
)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (ProcessReply(output=Output(ok=Empty())), Outcome(Verdict.SUCCESS)),
        (
            ProcessReply(output=Output(error=Output.Error(details="no luck"))),
            Outcome(Verdict.ERROR, "no luck"),
        ),
        (
            ProcessReply(),
            Outcome(Verdict.CRASH, "The worker's reply says neither ok nor error"),
        ),
    ],
)
def test_a_reply_is_a_success_or_an_error_with_its_text_and_a_crash_if_it_says_nothing(
    reply: ProcessReply, outcome: Outcome
):
    assert of_reply(reply) == outcome


@pytest.mark.parametrize("code", grpc.StatusCode)
def test_a_deadline_is_a_timeout_with_armoniks_words_and_every_other_failure_a_crash(
    code: grpc.StatusCode,
):
    outcome = of_failure(code, "details")
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        assert outcome == Outcome(Verdict.TIMEOUT, "Deadline Exceeded")
    else:
        assert outcome.verdict is Verdict.CRASH


@pytest.mark.parametrize(
    ("details", "found", "text"),
    [
        (NO_REPLY, "KeyError: 1", "KeyError: 1"),
        (NO_REPLY, "", NO_REPLY),
        ("the worker's own words", "KeyError: 1", "the worker's own words\nKeyError: 1"),
    ],
)
def test_a_crash_names_the_status_as_armonik_does_and_the_exception_from_the_log(
    details: str, found: str, text: str
):
    outcome = of_failure(grpc.StatusCode.INTERNAL, details, found)
    assert outcome.error == f"Worker returned error Internal:\n{text}"


def test_a_dead_worker_went_down():
    outcome = of_failure(grpc.StatusCode.UNAVAILABLE, "gone", "exited with status 3", died=True)
    assert outcome.error == "Worker went down with error Unavailable:\nexited with status 3"


@pytest.mark.parametrize(("type_", "named"), [("NoneType", "None"), ("dict", "dict")])
def test_a_function_that_returns_no_output_is_told_what_to_write(type_: str, named: str):
    found = f"AttributeError: '{type_}' object has no attribute 'to_message'"
    outcome = of_failure(grpc.StatusCode.INTERNAL, NO_REPLY, found)
    assert outcome.error == (
        f"Worker returned error Internal:\nThe worker's function returned {named} where an Output"
        " is due.\nWrite at its end: return Output()"
    )


@pytest.mark.parametrize(
    ("said", "kept"),
    [("half \ud800 a character", r"half \ud800 a character"), ("a\0b", "a\0b"), ("é", "é")],
)
def test_an_error_is_kept_in_an_encoding(said: str, kept: str):
    assert Outcome(Verdict.CRASH, said).error == kept
    assert kept in of_failure(grpc.StatusCode.INTERNAL, "", f"ValueError: {said}").error


def test_an_error_without_end_is_cut():
    error = Outcome(Verdict.ERROR, "x" * 1_000_000).error
    assert error.startswith("xxx")
    assert error.endswith("737,856 characters are cut)")
