"""What to write instead of a value that is not what a call wants; and how both are called.

Here is also what the libraries themselves say of a mistake, in words for a learner.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Union, get_args, get_origin

from hello_helpers.course.misfits import is_collection

OURS = ("armonik", "grpc", "google", "hello_helpers")
"""The packages whose calls a lesson is about; what is in others, Python's own words explain."""

LONGEST = 40
"""Characters of a value that are shown."""


class Mistake(NamedTuple):
    """A learner's mistake, in words: what is wrong, and what to write."""

    found: str
    todo: str = ""


def is_of_lesson(thing: Any) -> bool:
    """Tell whether an object, a class, a module or a frame belongs to what a lesson is about."""
    if isinstance(thing, types.FrameType):
        name = thing.f_globals.get("__name__", "")
    elif isinstance(thing, types.ModuleType):
        name = thing.__name__
    else:
        name = getattr(thing if isinstance(thing, type) else type(thing), "__module__", "")
    return str(name).partition(".")[0] in OURS


def _has(name: str) -> Callable[[Any], bool]:
    return lambda value: hasattr(value, name)


def _is_a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _any(_value: Any) -> bool:
    return True


REMEDIES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("", _is_a(types.EllipsisType), "Put what is asked for in the place of the dots."),
    ("", _is_a(types.MethodType), "That is a method: call it, with () behind its name."),
    ("bytes", _has("serialize"), "Write {name}.serialize(): its bytes."),
    ("bytes", _is_a(str), "Write {name}.encode(): its bytes."),
    ("bytes", _any, "Make bytes of it, for example with json.dumps({name}).encode()."),
    ("timedelta", _is_a(int, float), "Write timedelta(seconds={name}); timedelta is in datetime."),
    ("str", _has("url"), "Its address is {name}.url."),
    ("str", _has("result_id"), "Write {name}.result_id: its id."),
    ("str", _has("serialize"), "Store its bytes (create_results), and take the result_id of that."),
    ("str", _has("id"), "Write {name}.id: its id."),
    ("str", _has("session_id"), "Write {name}.session_id: its id."),
    ("str", _is_a(Mapping), 'Take one of them, by its name, and its id: {name}["..."].result_id.'),
    ("str", _is_a(list, tuple), "Take one of them: {name}[0]."),
    ("str", _is_a(bytes), "Write {name}.decode(): a text."),
    ("str", _is_a(int, float), "Write str({name}): a text."),
    ("Payload", _is_a(bytes), "Leave out serialize(): it makes the bytes by itself."),
    ("Payload", _is_a(list, tuple), "Write Payload({name})."),
    ("Data", _any, "It is what create_payload returns: both ids."),
    (
        "Filter",
        _any,
        "A condition is written Task.session_id == session_id, a field Task.created_at.",
    ),
    ("dict", _any, 'Give it a name: {{"payload": {name}}}.'),
    ("list", _is_a(Mapping), "Write list({name}), or the ids in it."),
    ("list", _any, "Write [{name}]: a list, with one in it."),
    ("Channel", _has("open_channel"), "Write {name}.open_channel(), or the channel that is open."),
    ("Channel", _any, "create_channel(address) makes one."),
    ("TaskOptions", _any, "TaskOptions(max_duration=..., priority=..., max_retries=...) makes it."),
    ("TaskDefinition", _any, "TaskDefinition(payload_id=..., expected_output_ids=[...]) makes it."),
    ("int", _is_a(str), "Write the number without quotes."),
    ("float", _is_a(str), "Write the number without quotes."),
    ("int", _any, "Write a whole number."),
    ("", _is_a(list, tuple), "Take one of them: {name}[0]."),
)
"""What to write: what is wanted ("" for all), what is there, and the words. The first is told."""

WANTED = {
    "str": "a text",
    "bytes": "bytes",
    "int": "a whole number",
    "float": "a number",
    "list": "a list",
    "dict": "a dictionary",
    "Channel": "a channel",
}
"""What is wanted, in words; all else is called by its class."""


def remedy(value: Any, hint: Any, name: str) -> str:
    """Return what to write instead of a value that is not as its type hint says; "" if unknown.

    Args:
        value: what is there.
        hint: what is wanted.
        name: what the learner calls the value; "" if it has no name.
    """
    wanted = class_of(hint)
    numbers = isinstance(value, list) and all(isinstance(each, int | float) for each in value)
    simple = (numbers or isinstance(value, str | int | float)) and len(repr(value)) <= LONGEST
    name = name or (repr(value) if simple else "\N{HORIZONTAL ELLIPSIS}")
    for kind, applies, words in REMEDIES:
        if kind in (wanted, "") and applies(value):
            return words.format(name=name)
    return ""


def class_of(hint: Any) -> str:
    """Return the name of the class that a type hint stands for; any sequence is a list."""
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        return class_of(get_args(hint)[0])
    if not isinstance(kind, type):
        return str(kind)
    if issubclass(kind, Mapping):
        return "dict"
    return "list" if is_collection(kind) else str(kind.__name__)


def wanted_in_words(hint: Any) -> str:
    """Return what a type hint asks for."""
    name = class_of(hint)
    return WANTED.get(name) or _with_article(name)


def shown(value: Any) -> str:
    """Return what a value is, or the value itself if it is short and simple."""
    if value is None or value is ... or isinstance(value, str | bytes | int | float):
        return "..." if value is ... else _short(value)
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    return WANTED.get(name) or _with_article(name)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def _with_article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


# What the libraries say


def of_libraries(error: BaseException, text: str) -> Mistake | None:
    """Return what a library means that has found the mistake itself; None if it has not.

    Args:
        error: what was raised.
        text: the expression of the cell that has failed.
    """
    told = str(error)
    if "cannot be transformed into booleans" in told or (
        isinstance(error, TypeError) and re.search(r"operand type\(s\) for [&|]: .*Filter'", told)
    ):
        return Mistake(
            "Conditions for ArmoniK are joined by & and |, each in brackets; not by and, or, in.",
            "Write (Task.session_id == session_id) & (Task.status == TaskStatus.ERROR).",
        )
    if wrong := re.search(r"Expected value type (.*) for field '(\w+)', got '(\w+)'", told):
        kind = WANTED.get(wrong[1].strip("'"), f"a {wrong[1]}")
        return Mistake(f"{wrong[2]} is compared with {kind}, and got {_with_article(wrong[3])}.")
    if "expected bytes, str found" in told and "client_key" in text:
        return Mistake(
            "A key is of no use without its certificate.", "Give client_certificate, too."
        )
    if told.startswith("Filter: "):  # the filter itself says nothing to a reader
        return Mistake(f"{told.partition(' Error: ')[2]}.")
    if unknown := re.search(r"unknown enum label \"(\w+)\"", told):
        return _of_label(unknown[1], text)
    return None


def _of_label(label: str, text: str) -> Mistake:
    """Tell where a word is that ArmoniK has a number for; the text says which of some is meant."""
    words = words_of_armonik(label)
    meant = [word for word in words if word.split(".")[0].removesuffix("Status") in text] or words
    found = f"{label!r} is a text, and ArmoniK wants its own word for it."
    return Mistake(found, f"Write {' or '.join(meant)}, of armonik.common." if meant else "")


def words_of_armonik(label: str) -> list[str]:
    """Return ArmoniK's words for a state or an event: "TaskStatus.ERROR" for "ERROR"."""
    known = vars(sys.modules.get("armonik.common", types)).items() if label.isupper() else ()
    return [
        f"{name}.{label}" for name, each in known if isinstance(each, type) and hasattr(each, label)
    ]
