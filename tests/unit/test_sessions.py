"""A session is picked up by the next notebook: its own, and newest, and only if it runs."""

from unittest.mock import Mock

import pytest

from hello_helpers import steps
from hello_helpers.course import sessions


def test_without_a_session_a_new_one_is_made_and_then_picked_up(fake, channel, monkeypatch):
    monkeypatch.setenv("HELLO_LEARNER", "ada")
    session_id = sessions.pick_up_session(channel)
    assert dict(fake.sessions[session_id].options.options) == {"hello": "course", "learner": "ada"}
    assert sessions.pick_up_session(channel) == session_id
    assert fake.calls.count("CreateSession") == 1


def test_it_asks_for_the_newest_running_session_of_this_learner(fake, channel, monkeypatch):
    monkeypatch.setattr(fake, "ListSessions", Mock(return_value={}))
    monkeypatch.setenv("HELLO_LEARNER", "ada")
    sessions.pick_up_session(channel, "default")
    request, _ = fake.ListSessions.call_args.args
    (terms,) = getattr(request.filters, "or")
    wanted = ("SESSION_STATUS_RUNNING", '"course"', '"ada"', '"default"', "PARTITION_ID")
    assert [word for word in wanted if word not in str(terms)] == []
    assert request.page_size == 1
    assert [word for word in ("CREATED_AT", "DESC") if word not in str(request.sort)] == []


@pytest.mark.parametrize("variable", ["HELLO_LEARNER", "JUPYTERHUB_USER"])
def test_a_learner_is_known_by_the_environment(monkeypatch, variable):
    monkeypatch.delenv("HELLO_LEARNER", raising=False)
    monkeypatch.setenv(variable, "grace")
    assert sessions.course_labels()["learner"] == "grace"


def test_an_account_without_a_name_is_somebody(monkeypatch):
    for variable in ("HELLO_LEARNER", "JUPYTERHUB_USER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("getpass.getuser", Mock(side_effect=KeyError("uid not found")))
    assert sessions.course_labels()["learner"] == "somebody"


def test_any_other_session_says_whose_it_is_and_is_not_picked_up(fake, channel, monkeypatch):
    monkeypatch.setenv("HELLO_LEARNER", "ada")
    options = fake.sessions[steps.create_session(channel)].options.options
    assert options["learner"] == "ada"
    assert options["hello"] != sessions.course_labels()["hello"]
    assert not fake.sessions[steps.create_session(channel, labels={})].options.options


def test_an_error_in_a_closing_session_comes_out_though_the_channel_is_closed(channel):
    cancelled: list[bool] = []
    channel.close()
    with (
        pytest.raises(ZeroDivisionError),
        sessions.closing_session(channel, "any", cancelled.append),
    ):
        raise ZeroDivisionError
    assert cancelled == [False]
