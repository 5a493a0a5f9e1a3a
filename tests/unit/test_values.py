"""What a learner types, and what becomes of it."""

import pytest

from hello_helpers.course.values import MAX_VALUES, comma_note, parse_count, parse_values
from hello_helpers.errors import InputError


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


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,5", "1, 5"),
        ("1,5 2", "1, 5, 2"),
        ("-1,5", "-1, 5"),
        ("1,5, 2,5", "1, 5, 2, 5"),
        ("1.000,5", "1.000, 5"),
        ("1,000", "1, 000"),
        ("-1,000,000", "-1, 000, 000"),
    ],
)
def test_a_comma_that_may_stand_before_decimals_or_thousands_gets_a_remark(text, numbers):
    assert f"read as {numbers}. A comma separates" in comma_note(text)
    assert parse_values(text)


@pytest.mark.parametrize("text", ["1 2 3", "1, 2, 3", "1,2,3", "1, 5", "1.5 2.5", "1,2,3,\n4,5,6"])
def test_a_list_with_commas_gets_no_remark(text):
    assert comma_note(text) == ""


def test_a_remark_is_short_however_many_numbers_there_are():
    assert len(comma_note("1,5 " + "1 " * 1000)) < 150


def test_as_many_numbers_as_allowed_are_read_and_the_limit_is_named():
    assert len(parse_values("1 " * MAX_VALUES)) == MAX_VALUES
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
