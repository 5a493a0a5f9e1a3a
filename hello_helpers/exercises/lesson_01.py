"""Lesson 01: open a channel of one's own."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKVersions

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.exercises.core import Exercise, wrong_if
from hello_helpers.exercises.looking import ANSWER_SECONDS, ask, channel_of

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
    own = channel_of(answer)
    wrong_if(
        own is channel,
        "This is the channel that the lesson has opened.",
        "Open a second one, by a call of your own.",
    )
    own = with_deadline(own, ANSWER_SECONDS)
    versions = ask(
        ArmoniKVersions(own).list_versions,
        "Which endpoint did you give? The one of this lesson is endpoint.url.",
    )
    which = "ArmoniK" if own.origin.instance is None else "The embedded ArmoniK"
    return f"{which} (core {versions['core']}) has answered through your channel."


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
