"""What to write instead of a value that is not what a call wants; and how both are called."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union, get_args, get_origin

LONGEST = 40
"""Characters of a value that are shown."""


def _has(name: str) -> Callable[[Any], bool]:
    return lambda value: hasattr(value, name)


def _is_a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _any(_value: Any) -> bool:
    return True


REMEDIES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("bytes", _has("serialize"), "Write {name}.serialize(): its bytes."),
    ("bytes", _is_a(str), "Write {name}.encode(): its bytes."),
    ("bytes", _any, "Make bytes of it, for example with json.dumps({name}).encode()."),
    ("timedelta", _is_a(int, float), "Write timedelta(seconds={name}); timedelta is in datetime."),
    ("str", _has("url"), "Its address is {name}.url."),
    ("str", _has("result_id"), "Write {name}.result_id: its id."),
    ("str", _has("id"), "Write {name}.id: its id."),
    ("str", _has("session_id"), "Write {name}.session_id: its id."),
    ("str", _is_a(Mapping), 'Take one of them, by its name, and its id: {name}["..."].result_id.'),
    ("str", _is_a(list, tuple), "Take one of them: {name}[0]."),
    ("str", _is_a(bytes), "Write {name}.decode(): a text."),
    ("dict", _any, 'Give it a name: {{"payload": {name}}}.'),
    ("list", _is_a(Mapping), "Write list({name}), or the ids in it."),
    ("list", _any, "Write [{name}]: a list, with one in it."),
    ("Channel", _has("open_channel"), "Write {name}.open_channel(), or the channel that is open."),
    ("Channel", _any, "create_channel(address) makes one."),
    ("TaskOptions", _any, "TaskOptions(max_duration=..., priority=..., max_retries=...) makes it."),
    ("TaskDefinition", _any, "TaskDefinition(payload_id=..., expected_output_ids=[...]) makes it."),
    ("int", _any, "Write a whole number."),
)
"""What to write: what is wanted, what is there, and the words. The first that fits is told."""

WANTED = {
    "str": "a text",
    "bytes": "bytes",
    "int": "a whole number",
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
    simple = isinstance(value, str | int | float)
    name = name or (_short(value) if simple else "\N{HORIZONTAL ELLIPSIS}")
    for kind, applies, words in REMEDIES:
        if kind == wanted and applies(value):
            return words.format(name=name)
    return ""


def class_of(hint: Any) -> str:
    """Return the name of the class that a type hint stands for; any sequence is a list."""
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        return class_of(get_args(hint)[0])
    if issubclass(kind, Mapping):
        return "dict"
    is_list = issubclass(kind, Iterable) and kind not in (str, bytes)
    return "list" if is_list else str(kind.__name__)


def wanted_in_words(hint: Any) -> str:
    """Return what a type hint asks for."""
    name = class_of(hint)
    return WANTED.get(name) or _with_article(name)


def shown(value: Any) -> str:
    """Return what a value is, or the value itself if it is short and simple."""
    if value is None or isinstance(value, str | bytes | int | float):
        return _short(value)
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    return WANTED.get(name) or _with_article(name)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def _with_article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"
