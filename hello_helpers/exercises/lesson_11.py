"""Lesson 11: open a secure channel as somebody else."""

from __future__ import annotations

from armonik.protogen.client.auth_service_pb2_grpc import AuthenticationStub
from armonik.protogen.common.auth_common_pb2 import GetCurrentUserRequest

from hello_helpers.course.private_armonik import PrivateArmonik
from hello_helpers.exercises.core import Exercise, wrong_if
from hello_helpers.exercises.looking import ANSWER_SECONDS, ask, channel_of

NAME = "ada"

SOLUTION = """\
my_channel = create_channel(
    armonik.endpoint,
    options=endpoint.channel_options(),
    certificate_authority=armonik.certificate_authority,
    client_certificate=ada_file,
)
"""


def _look(armonik: PrivateArmonik, answer: object) -> str:
    own = channel_of(answer)
    wrong_if(
        armonik.process.poll() is not None,
        "The ArmoniK of this lesson has ended.",
        "Start it again: menu Run, Run All Above Selected Cell.",
    )
    service = AuthenticationStub(own)
    reply = ask(
        lambda: service.GetCurrentUser(GetCurrentUserRequest(), timeout=ANSWER_SECONDS),
        "It needs https:// as in armonik.endpoint, the CA file, and Ada's file. Her key is in "
        "that file, too: give no other client_key.",
    )
    name = reply.user.username
    wrong_if(
        name == "Anonymous",
        "ArmoniK answers, and calls you Anonymous: it has seen no certificate.",
        "That is another ArmoniK. The one of this lesson is at armonik.endpoint.",
    )
    wrong_if(
        name != NAME,
        f"ArmoniK answers, and calls you {name}: that is not Ada's certificate.",
        "Give her file instead: client_certificate=ada_file.",
    )
    return f"ArmoniK has seen your certificate, and calls you {name}."


exercise_11 = Exercise(
    "exercise_11",
    _look,
    (
        "It is the call that you have seen, create_channel, with another client certificate.",
        "Ada's file holds her key, too. So the argument client_key is left out.",
        "create_channel(armonik.endpoint, certificate_authority=armonik.certificate_authority, "
        "client_certificate=ada_file) is enough, as long as there is no proxy.",
    ),
    SOLUTION,
)
