"""A session is picked up by the next notebook: its own, and newest, and only if it runs."""

from __future__ import annotations

from typing import Any

import pytest
from armonik.protogen.common import sessions_common_pb2

from hello_helpers import steps
from hello_helpers.course import sessions

from .fake_armonik import FakeArmonik


@pytest.fixture
def asked(fake: FakeArmonik, monkeypatch) -> list[Any]:
    """Requests for a list of sessions; the answer holds the newest of the fake's."""
    requests: list[Any] = []

    def answer(_services: object, request: Any, _context: object) -> Any:
        requests.append(request)
        newest = list(fake.sessions.values())[-1:]
        return sessions_common_pb2.ListSessionsResponse(sessions=newest, total=len(newest))

    monkeypatch.setattr("tests.unit.fake_armonik._Services.ListSessions", answer, raising=False)
    fake.stop()  # the server looks methods up when it starts
    fake.start()
    return requests


@pytest.mark.usefixtures("asked")
def test_without_a_session_a_new_one_is_made_with_the_labels_of_the_learner(
    fake, channel, monkeypatch
):
    monkeypatch.setenv("HELLO_LEARNER", "ada")
    session_id = sessions.pick_up_session(channel)
    assert dict(fake.sessions[session_id].options.options) == {"hello": "course", "learner": "ada"}


@pytest.mark.usefixtures("asked")
def test_the_session_that_is_there_is_picked_up(fake, channel):
    session_id = fake.add_session()
    assert sessions.pick_up_session(channel) == session_id
    assert "CreateSession" not in fake.calls


def test_it_asks_for_the_newest_running_session_of_this_learner(channel, asked, monkeypatch):
    monkeypatch.setenv("HELLO_LEARNER", "ada")
    sessions.pick_up_session(channel, "default")
    (request,) = asked
    (terms,) = (both for both in getattr(request.filters, "or"))
    text = str(terms)
    for wanted in ("SESSION_STATUS_RUNNING", '"course"', '"ada"', '"default"', "PARTITION_ID"):
        assert wanted in text
    assert request.page_size == 1
    assert "CREATED_AT" in str(request.sort)
    assert "DESC" in str(request.sort)


@pytest.mark.parametrize("variable", ["HELLO_LEARNER", "JUPYTERHUB_USER"])
def test_a_learner_is_known_by_the_environment(monkeypatch, variable):
    monkeypatch.delenv("HELLO_LEARNER", raising=False)
    monkeypatch.setenv(variable, "grace")
    assert sessions.course_labels()["learner"] == "grace"


def test_an_account_without_a_name_is_somebody(monkeypatch):
    def fail() -> str:
        raise KeyError("uid not found")

    for variable in ("HELLO_LEARNER", "JUPYTERHUB_USER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("getpass.getuser", fail)
    assert sessions.course_labels()["learner"] == "somebody"


def test_any_other_session_says_whose_it_is_and_is_not_picked_up(fake, channel, monkeypatch):
    monkeypatch.setenv("HELLO_LEARNER", "ada")
    options = fake.sessions[steps.create_session(channel)].options.options
    assert options["learner"] == "ada"
    assert options["hello"] != sessions.course_labels()["hello"]
    assert not fake.sessions[steps.create_session(channel, labels={})].options.options


def test_an_error_in_a_closing_session_comes_out_though_the_channel_is_closed(channel):
    cancelled: list[bool] = []

    def work() -> None:
        with sessions.closing_session(channel, "any", cancelled.append):
            channel.close()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert cancelled == [False]
