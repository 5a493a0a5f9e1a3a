"""What a learner types, and what becomes of it."""

from __future__ import annotations

import pytest

from hello_helpers.errors import InputError
from hello_helpers.values import MAX_VALUES, parse_count, parse_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2 3", [1, 2, 3]),
        ("1,2,3", [1, 2, 3]),
        (" 1 ,\t2,\n3 ", [1, 2, 3]),
        ("1 2, 3", [1, 2, 3]),
        ("-1 +2 .5 5. 1e3", [-1, 2, 0.5, 5.0, 1000.0]),
        ("\N{MINUS SIGN}7", [-7]),
        ("007", [7]),
    ],
)
def test_numbers_are_read(text, values):
    parsed = parse_values(text)
    assert parsed == values
    assert [type(value) for value in parsed] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no number"),
        ("  \n", "no number"),
        (",", "no number"),
        ("1,,2", "comma"),
        ("1,2,", "comma"),
        (",1", "comma"),
        ("abc", "'abc' is not a number"),
        ("1 two 3", "'two' is not a number"),
        ("1_000", "'1_000' is not a number"),
        ("0x10", "'0x10' is not a number"),
        ("nan", "'nan' is not a number"),
        ("inf", "'inf' is not a number"),
        ("1;2", "'1;2' is not a number"),
        ("\N{ARABIC-INDIC DIGIT THREE}", "is not a number"),
        ("1e999", "'1e999' is too large"),
        ("9" * 400, "too large"),
        ("<b>1</b>", "is not a number"),
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(text, words):
    with pytest.raises(InputError) as caught:
        parse_values(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 100


def test_as_many_numbers_as_allowed_are_read():
    assert len(parse_values("1 " * MAX_VALUES)) == MAX_VALUES


def test_a_million_numbers_are_refused_and_the_limit_is_named():
    with pytest.raises(InputError, match=r"1,000,000 numbers are too many.*100,000"):
        parse_values("1 " * 1_000_000)


@pytest.mark.parametrize(("text", "count"), [("0", 0), ("10", 10), (" 100000 ", 100_000)])
def test_n_is_read(text, count):
    assert parse_count(text) == count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "n is missing"),
        ("-1", "0 or more"),
        ("1.5", "whole number"),
        ("ten", "you typed 'ten'"),
        ("1000000", "too many"),
        ("9" * 5000, "whole number"),
    ],
)
def test_an_n_that_cannot_be_used_is_refused_with_a_sentence(text, words):
    with pytest.raises(InputError) as caught:
        parse_count(text)
    assert words in str(caught.value)
