"""The errors of the course."""

import re

import pytest

from hello_helpers import errors

DRAWN = {"HelloError", *re.findall(r"(?:├──|└──) (\w+)", errors.__doc__ or "")}


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    assert {name for name, value in vars(errors).items() if isinstance(value, type)} == DRAWN


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_every_error_can_be_caught_as_a_hello_error(name):
    assert issubclass(getattr(errors, name), errors.HelloError)


def test_a_notebook_shows_message_and_hint_instead_of_a_traceback():
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shown = []
    shell._showtraceback = lambda _kind, _error, lines: shown.extend(lines)
    shell.run_cell(
        "from hello_helpers.errors import InputError\nraise InputError('Too big.', 'Take less.')"
    )
    assert shown == ["InputError: Too big.", "Take less."]


def test_an_error_without_a_hint_has_one_line():
    assert errors.HelloError("Alas.").lines() == ["Alas."]
