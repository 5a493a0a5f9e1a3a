"""The wire format of the hello task."""

import math

import pytest

from hello_helpers.errors import MessageError
from hello_helpers.messages import Payload, Result


def test_messages_have_the_bytes_of_the_original_page():
    assert Payload([1, 2.5], 2).serialize() == b'{"values": [1, 2.5], "subtask_threshold": 2}'
    assert Result(45).serialize() == b'{"value": 45}'
    assert Payload([]).subtask_threshold >= 10, "the first hello is not split"


@pytest.mark.parametrize("values", [[], [0], [1, -2.5, 10**30], ["result-id", "another"]])
def test_a_payload_comes_back_as_it_went(values):
    assert Payload.deserialize(Payload(values, 7).serialize()) == Payload(values, 7)


def test_whole_numbers_stay_whole():
    value = Result.deserialize(Result(45).serialize()).value
    assert (type(value), str(value)) == (int, "45")


def test_numbers_and_result_ids_are_told_apart():
    assert (Payload([1, 2]).numbers, Payload([1, 2]).result_ids) == ([1, 2], [])
    assert (Payload(["a"]).numbers, Payload(["a"]).result_ids) == ([], ["a"])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_not_sent(value):
    with pytest.raises(MessageError, match="finite"):
        Payload([1, value]).serialize()
    with pytest.raises(MessageError, match="finite"):
        Result(value).serialize()


@pytest.mark.parametrize("threshold", [0, -1, True, 2.0, "2", None])
def test_a_threshold_that_makes_no_sense_is_not_sent(threshold):
    with pytest.raises(MessageError, match="subtask_threshold"):
        Payload([1], threshold).serialize()


def test_a_number_with_thousands_of_digits_is_not_sent():
    with pytest.raises(MessageError, match="JSON"):
        Payload([10**5000]).serialize()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "is not JSON"),
        (b"hello", "b'hello' is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1, 2]", "found [1, 2] (list)"),
        (b"null", "found None (NoneType)"),
        (b"{}", "found no key"),
        (b'{"values": [1]}', "found 'values'"),
        (b'{"values": [1], "subtask_threshold": 2, "more": 3}', "'more'"),
        (b'{"values": 1, "subtask_threshold": 2}', "must be a list, not 1 (int)"),
        (b'{"values": [true], "subtask_threshold": 2}', "not True (bool)"),
        (b'{"values": [null], "subtask_threshold": 2}', "not None"),
        (b'{"values": [1, "a"], "subtask_threshold": 2}', "not 'a' (str)"),
        (b'{"values": ["a", 1], "subtask_threshold": 2}', "not 'a' (str)"),
        (b'{"values": [1e999], "subtask_threshold": 2}', "not inf"),
        (b'{"values": [NaN], "subtask_threshold": 2}', "NaN is not a number"),
        (b'{"values": [1], "subtask_threshold": 0}', "from 1, not 0 (int)"),
    ],
)
def test_anything_but_a_payload_is_refused_and_the_error_says_what_was_found(data, found):
    with pytest.raises(MessageError) as caught:
        Payload.deserialize(data)
    assert found in str(caught.value)


@pytest.mark.parametrize("data", [b"45", b'{"value": "45"}', b'{"value": true}', b'{"values": []}'])
def test_anything_but_a_result_is_refused(data):
    with pytest.raises(MessageError, match="result"):
        Result.deserialize(data)


def test_an_error_shows_no_more_than_the_beginning_of_the_data():
    with pytest.raises(MessageError) as caught:
        Payload.deserialize(b"x" * 10_000)
    assert len(str(caught.value)) < 300
