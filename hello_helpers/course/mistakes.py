"""What is wrong with a call that a learner has written, found by looking at its arguments.

A library that is given the wrong thing often fails many calls deeper, and tells of something that
the learner has never heard of. But the call itself is still there, in the traceback, with its
arguments; and the classes of `armonik.client`, as well as the helpers, say of each argument what it
has to be. So the two are compared, and what does not fit is told. Nothing here knows a lesson.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, get_args

from hello_helpers.course.expressions import mistake_in
from hello_helpers.course.misfits import Misfit, hints_of, misfit
from hello_helpers.course.remedies import (
    Mistake,
    class_of,
    is_of_lesson,
    of_libraries,
    remedy,
    shown,
    wanted_in_words,
)

KINDS = {"session": "session", "task": "task", "result": "result", "output": "result"}
KINDS |= {"payload": "result", "partition": "partition"}
"""What the id in a variable is of, by the first part of its name."""

UNSENT = "Exception iterating requests"
"""gRPC's words for a stream whose messages could not be made: it was no answer of ArmoniK."""


class Call(NamedTuple):
    """A call, made by a cell, that has not ended well."""

    name: str
    arguments: dict[str, Any]
    hints: dict[str, Any]
    defaults: dict[str, Any]


def mistake_of(
    error: BaseException, frames: Sequence[types.FrameType], text: str
) -> Mistake | None:
    """Return what is wrong with the call of a cell; None if nothing is, as far as can be seen.

    Args:
        error: what was raised.
        frames: that it went through, from that of the cell on.
        text: the expression of the cell that has failed.
    """
    if not frames:
        return None
    names = names_in(frames[0])
    if len(frames) == 1:
        return of_libraries(error, text) or mistake_in(error, text, names)
    if call := call_in(frames):
        looks = (_of_swapped_ids, _of_types, _of_callback, _of_what_is_in_it)
        for found in (look(error, call, names) for look in looks):
            if found:
                return found
    return of_libraries(error, text)


def names_in(frame: types.FrameType) -> dict[str, Any]:
    """Return the names that the code of a cell mentions, with their values; None of attributes."""
    known = {**frame.f_globals, **frame.f_locals}
    code = frame.f_code
    mentioned = (*code.co_names, *code.co_varnames, *code.co_cellvars, *code.co_freevars)
    return {name: known.get(name) for name in mentioned}


def call_in(frames: Sequence[types.FrameType]) -> Call | None:
    """Return the call that the first frame has made; None if it is none of a lesson's libraries."""
    if len(frames) < 2 or not is_of_lesson(frames[1]):
        return None
    code, values = frames[1].f_code, frames[1].f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    arguments = {name: values[name] for name in names if name in values}
    owner = type(arguments.pop("self")) if "self" in arguments else arguments.pop("cls", None)
    function = getattr(owner, code.co_name, None) or frames[1].f_globals.get(code.co_name)
    if not callable(function) or getattr(inspect.unwrap(function), "__code__", None) is not code:
        return None
    function = inspect.unwrap(function)
    name = owner.__name__ if owner and code.co_name == "__init__" else code.co_name
    defaults = {each.name: each.default for each in inspect.signature(function).parameters.values()}
    return Call(name, arguments, hints_of(function), defaults)


# Ids


def _of_swapped_ids(_error: object, call: Call, names: dict[str, Any]) -> Mistake | None:
    """Tell of an id that stands where the id of something else has to."""
    for parameter, value in call.arguments.items():
        wanted = kind_of_id(parameter)
        own = _names_of(value, names) if wanted and isinstance(value, str) else []
        others = [name for name in own if kind_of_id(name)]
        if others and wanted not in map(kind_of_id, others):
            found = f"{call.name} wants the id of a {wanted} as {parameter}, and got {others[0]}."
            return Mistake(found, _order(call))
    return None


def kind_of_id(name: str) -> str:
    """Return of what the id in a variable or an argument is; "" if its name does not tell."""
    words = name.lower().split("_")
    is_id = words[-1] in ("id", "ids")
    return next((KINDS[word] for word in words if word in KINDS), "") if is_id else ""


# Types


def _of_types(error: BaseException, call: Call, names: dict[str, Any]) -> Mistake | None:
    """Tell of the first argument that is not what the call says that it has to be."""
    is_certain = isinstance(error, AttributeError | TypeError | ValueError) or UNSENT in str(error)
    for found in _misfits(call):
        if is_certain or found.value is None or found.value is ... or _is_lone_text(found):
            wanted, got = wanted_in_words(found.hint), shown(found.value)
            told = f"{call.name} wants {wanted} as {found.where}, and got {got}."
            return Mistake(told, _todo(call, found, names))
    return None


def _misfits(call: Call) -> Iterator[Misfit]:
    for name, value in call.arguments.items():
        is_default = value is call.defaults.get(name)
        if not is_default and (found := misfit(name, value, call.hints.get(name))):
            yield found


def _todo(call: Call, found: Misfit, names: dict[str, Any]) -> str:
    if found.is_inside:
        return remedy(found.value, found.hint, _name_of(found.value, names))
    return (
        _order_if_swapped(call, found)
        or remedy(found.value, found.hint, _name_of(found.value, names))
        or _order(call)
    )


def _is_lone_text(found: Misfit) -> bool:
    """Tell whether it is a text that was taken for the list of its letters, and went on its way."""
    return isinstance(found.value, str) and class_of(found.hint) == "list"


def _order(call: Call) -> str:
    if len(call.arguments) == 1:
        return ""
    return f"Its arguments are, in this order: {', '.join(call.arguments)}."


def _order_if_swapped(call: Call, found: Misfit) -> str:
    """Tell the order of the arguments if this one would fit in the place of another one."""
    for name, value in call.arguments.items():
        hint = call.hints.get(name)
        if value is None or value is found.value or hint is None:
            continue
        if not misfit(name, value, found.hint) and not misfit(name, found.value, hint):
            return _order(call)
    return ""


def _of_what_is_in_it(error: BaseException, call: Call, names: dict[str, Any]) -> Mistake | None:
    """Tell of an argument, or of a thing in it, that lacks what the call looks for."""
    if not isinstance(error, AttributeError) or error.name is None:
        return None
    for name, value in call.arguments.items():
        things = list(value) if isinstance(value, list | tuple) else []
        if value is error.obj and type(value).__module__ == "builtins":
            found = f"{call.name} got {shown(value)} as {name}, and that has no {error.name!r}."
            return Mistake(found, _order(call))
        if any(each is error.obj for each in [value, *things]):
            return mistake_in(error, "", names)
    return None


# Functions of the learner


def _of_callback(error: BaseException, call: Call, _names: object) -> Mistake | None:
    """Tell of a function that the call was given, and that does not take what it is called with."""
    told = re.match(r"([^ ]+)\(\) ((?:takes|missing) .*)", str(error))
    if not isinstance(error, TypeError) or told is None:
        return None
    for name, value in call.arguments.items():
        functions = value if isinstance(value, list | tuple) else [value]
        if told[1] in [getattr(each, "__qualname__", "") for each in functions]:
            found = f"{call.name} cannot call your function: {told[1]} {told[2]}."
            return Mistake(found, _called_with(call.hints.get(name)))
    return None


def _called_with(hint: Any) -> str:
    """Return what a function is called with, by the type hint of the argument that it is."""
    for part in get_args(hint):
        if isinstance(part, list):
            return f"It is called with: {', '.join(map(wanted_in_words, part))}."
        if words := _called_with(part):
            return words
    return ""


def _names_of(value: Any, names: dict[str, Any]) -> list[str]:
    """Return the variables that hold this very value, or the same text."""
    is_text = type(value) is str
    return [
        name
        for name, each in names.items()
        if each is value or (is_text and type(each) is str and each == value)
    ]


def _name_of(value: Any, names: dict[str, Any]) -> str:
    """Return the first of them; "" if there is none."""
    return next(iter(_names_of(value, names)), "") if value is not None else ""
