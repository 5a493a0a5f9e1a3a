"""What is wrong with a call that a learner has written, found by looking at its arguments.

A library that is given the wrong thing often fails many calls deeper, and tells of something that
the learner has never heard of. But the call itself is still there, in the traceback, with its
arguments; and the classes of `armonik.client`, as well as the helpers, say of each argument what it
has to be. So the two are compared, and what does not fit is told. Nothing here knows a lesson.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from hello_helpers.course.remedies import class_of, remedy, shown, wanted_in_words

OURS = ("armonik", "grpc", "google", "hello_helpers")
"""The packages whose calls a lesson is about; what is in others, Python's own words explain."""

KINDS = {"session": "session", "task": "task", "result": "result", "output": "result"}
KINDS |= {"payload": "result", "partition": "partition"}
"""What the id in a variable is of, by the first part of its name."""


class Mistake(NamedTuple):
    """A learner's mistake, in words: what is wrong, and what to write."""

    found: str
    todo: str


class Misfit(NamedTuple):
    """A value that is not what it has to be.

    Attributes:
        where: which one it is: an argument, and what in it.
        value: the value.
        hint: the type hint that it does not fit.
    """

    where: str
    value: Any
    hint: Any


class Call(NamedTuple):
    """A call, made by a cell, that has not ended well."""

    name: str
    arguments: dict[str, Any]
    hints: dict[str, Any]


def mistake_of(error: BaseException, frames: Sequence[types.FrameType]) -> Mistake | None:
    """Return what is wrong with the call of a cell; None if nothing is, as far as can be seen.

    Args:
        error: what was raised.
        frames: that it went through, from that of the cell on.
    """
    if not frames:
        return None
    names = _names_in(frames[0])
    if isinstance(error, AttributeError) and len(frames) == 1:
        return _of_attribute(error, names)
    if isinstance(error, TypeError) and len(frames) == 1:
        return _of_signature(error, names)
    if len(frames) < 2 or not is_ours(frames[1]) or (call := _call_in(frames[1])) is None:
        return None
    if swapped := _of_swapped_ids(call, names):
        return swapped
    misfits = (_misfit(name, value, call.hints.get(name)) for name, value in call.arguments.items())
    for misfit in filter(None, misfits):
        if isinstance(error, AttributeError | TypeError | ValueError) or _is_lone_text(misfit):
            wanted, got = wanted_in_words(misfit.hint), shown(misfit.value)
            found = f"{call.name} wants {wanted} as {misfit.where}, and got {got}."
            order = "" if _is_inside(misfit) else _order_if_swapped(call, misfit)
            return Mistake(
                found,
                order
                or remedy(misfit.value, misfit.hint, _name_of(misfit.value, names))
                or _order(call),
            )
    return None


def _names_in(frame: types.FrameType) -> dict[str, Any]:
    """Return the names that the code of a cell mentions, with their values."""
    known = {**frame.f_globals, **frame.f_locals}
    code = frame.f_code
    mentioned = (*code.co_names, *code.co_varnames, *code.co_cellvars, *code.co_freevars)
    return {name: known[name] for name in mentioned if name in known}


def is_ours(frame: types.FrameType) -> bool:
    """Tell whether this is code that a lesson is about."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] in OURS


# Names


def _of_attribute(error: AttributeError, names: dict[str, Any]) -> Mistake | None:
    """Tell of an attribute that is not there, and which are near; IPython does not."""
    name, owner = error.name or "", error.obj
    known = [each for each in dir(owner) if not each.startswith("_")]
    near = difflib.get_close_matches(name, known, 3, 0.6)
    if not near and type(owner).__module__.partition(".")[0] not in OURS:
        return None
    what = _name_of(owner, names) or "This"
    found = f"{what} is {shown(owner)}, and that has no {name!r}."
    todo = f"Did you mean {_or(near)}?" if near else f"It has: {', '.join(known)}."
    return Mistake(found, todo)


def _of_signature(error: TypeError, names: dict[str, Any]) -> Mistake | None:
    """Tell how a function is called, to somebody who has forgotten an argument, or invented one."""
    told = re.match(r"([\w.]+)\(\) ", str(error))
    function = _look_up(told[1], names) if told else None
    if told is None or function is None:
        return None
    parameters = [
        str(each.replace(annotation=each.empty))
        for each in inspect.signature(function).parameters.values()
        if each.name != "self"
    ]
    name = told[1].removesuffix(".__init__")
    return Mistake(f"{error}.", f"It is called so: {name}({', '.join(parameters)}).")


def _look_up(path: str, names: dict[str, Any]) -> Callable[..., Any] | None:
    """Return the function of the notebook, or of a class in it, that Python calls so."""
    first, *rest = path.split(".")
    classes = {type(value).__name__: type(value) for value in list(names.values())}
    found: Any = names.get(first, classes.get(first))
    for name in rest:
        found = getattr(found, name, None)
    return found if callable(found) else None


# Ids


def _of_swapped_ids(call: Call, names: dict[str, Any]) -> Mistake | None:
    """Tell of an id that stands where the id of something else has to."""
    for parameter, value in call.arguments.items():
        wanted = _kind(parameter)
        own = _names_of(value, names) if wanted and isinstance(value, str) else []
        others = [name for name in own if _kind(name)]
        if others and wanted not in map(_kind, others):
            found = f"{call.name} wants the id of a {wanted} as {parameter}, and got {others[0]}."
            return Mistake(found, _order(call))
    return None


def _order(call: Call) -> str:
    return f"Its arguments are, in this order: {', '.join(call.arguments)}."


def _order_if_swapped(call: Call, misfit: Misfit) -> str:
    """Tell the order of the arguments if this one would fit in the place of another one."""
    for name, value in call.arguments.items():
        hint = call.hints.get(name)
        if value is None or value is misfit.value or hint is None:
            continue
        if not _misfit(name, value, misfit.hint) and not _misfit(name, misfit.value, hint):
            return _order(call)
    return ""


def _kind(name: str) -> str:
    """Return of what the id in a variable or an argument is; "" if its name does not tell."""
    words = name.lower().split("_")
    is_id = words[-1] in ("id", "ids")
    return next((KINDS[word] for word in words if word in KINDS), "") if is_id else ""


# Types


def _call_in(frame: types.FrameType) -> Call | None:
    """Return the call that made this frame; None if its function is not found."""
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    arguments = {name: values[name] for name in names if name in values}
    owner = type(arguments.pop("self")) if "self" in arguments else None
    function = getattr(owner, code.co_name, None) or frame.f_globals.get(code.co_name)
    function = inspect.unwrap(function) if callable(function) else None
    if getattr(function, "__code__", None) is not code:
        return None
    name = owner.__name__ if owner and code.co_name == "__init__" else code.co_name
    return Call(name, arguments, _hints(function))


def _hints(owner: Any) -> dict[str, Any]:
    try:
        return get_type_hints(owner)
    except (NameError, TypeError, AttributeError):  # they name what is imported for mypy only
        return {}


def _misfit(where: str, value: Any, hint: Any) -> Misfit | None:
    """Return the innermost part of a value that is not as its type hint says."""
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind in (Union, types.UnionType):
        misfits = [_misfit(where, value, part) for part in parts if part is not type(None)]
        fits = value is None and type(None) in parts
        return None if fits or None in misfits else misfits[0]
    if not isinstance(kind, type):  # Any, and what only a type checker understands
        return None
    if issubclass(kind, Mapping):
        pairs = value.items() if isinstance(value, Mapping) else None
        inner = [(f"{where}[{key!r}]", each) for key, each in pairs] if pairs is not None else None
    elif issubclass(kind, Iterable) and kind not in (str, bytes):
        inner = None
        if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
            items = (
                enumerate(value) if isinstance(value, list | tuple) and kind is not tuple else ()
            )
            inner = [(f"{where}[{number}]", each) for number, each in items]
    elif not _is(value, kind):
        return Misfit(where, value, hint)
    else:
        return next(_misfits_of_fields(where, value), None)
    if inner is None:
        return Misfit(where, value, hint)
    of_items = parts[-1] if parts else Any
    return next(filter(None, (_misfit(*each, of_items) for each in inner)), None)


def _is_inside(misfit: Misfit) -> bool:
    """Tell whether it is a part of an argument."""
    return not misfit.where.isidentifier()


def _is_lone_text(misfit: Misfit) -> bool:
    """Tell whether it is a text that was taken for the list of its letters, and went on its way."""
    return isinstance(misfit.value, str) and class_of(misfit.hint) == "list"


def _is(value: Any, kind: type) -> bool:
    also: dict[type, Any] = {float: int, bytes: bytearray}
    return isinstance(value, (kind, also.get(kind, kind)))


def _misfits_of_fields(where: str, value: Any) -> Iterator[Misfit]:
    """Look into a data class: it takes anything, and fails when it is sent."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return
    for name, hint in _hints(type(value)).items():
        if misfit := _misfit(name, getattr(value, name, None), hint):
            inside = f"{misfit.where} of {where}"
            yield misfit._replace(where=inside)


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
    return next(iter(_names_of(value, names)), "")


def _or(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
