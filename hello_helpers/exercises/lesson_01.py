"""Lesson 01: open a channel of one's own."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKVersions

from hello_helpers.deadline import with_deadline
from hello_helpers.exercises.core import Exercise, Wrong

ANSWER_SECONDS = 5.0

SOLUTION = """\
my_channel = create_channel(
    endpoint.url,
    options=endpoint.channel_options(),
    certificate_authority=endpoint.certificate_authority,
    client_certificate=endpoint.client_certificate,
    client_key=endpoint.client_key,
)
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    if isinstance(answer, str):
        raise Wrong(
            "This is a text, and no channel.", "create_channel(...) makes a channel of an endpoint."
        )
    if not isinstance(answer, grpc.Channel):
        raise Wrong(
            f"This is an object of the class {type(answer).__name__}, and no channel.",
            "create_channel(...) returns a channel.",
        )
    if answer is channel:
        raise Wrong(
            "This is the channel that the lesson has opened.",
            "Open a second one, by a call of your own.",
        )
    try:
        versions = ArmoniKVersions(with_deadline(answer, ANSWER_SECONDS)).list_versions()
    except ValueError:
        raise Wrong(
            "This channel is closed already.", "Open it again, and close it later."
        ) from None
    except grpc.RpcError as error:
        raise Wrong(
            f"Through this channel, no ArmoniK answers: {error.code().name}.",
            "Which endpoint did you give? The one of this lesson is endpoint.url.",
        ) from error
    return f"ArmoniK (core {versions['core']}) has answered through your channel."


exercise_01 = Exercise(
    "exercise_01",
    _look,
    (
        "You have seen the call in this lesson: create_channel.",
        "It needs one thing: the endpoint. It is in endpoint.url.",
        "my_channel = create_channel(endpoint.url) is enough, as long as there are no certificates "
        "and no proxy.",
    ),
    SOLUTION,
)
