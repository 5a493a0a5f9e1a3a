"""What in a value is not as its type hint says.

Hints of the libraries are not always exact. So ask only when something has failed.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints


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

    @property
    def is_inside(self) -> bool:
        """True if it is a part of an argument."""
        return not self.where.isidentifier()


def hints_of(owner: Any) -> dict[str, Any]:
    """Return the type hints of a function or a class; none if they cannot be read."""
    try:
        return get_type_hints(owner)
    except (NameError, TypeError, AttributeError):  # they name what is imported for mypy only
        return {}


def misfit(where: str, value: Any, hint: Any) -> Misfit | None:
    """Return the innermost part of a value that is not as its type hint says; None if all is."""
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind in (Union, types.UnionType):
        found = [misfit(where, value, part) for part in parts if part is not type(None)]
        fits = value is None and type(None) in parts
        return None if fits or None in found else found[0]
    if kind is Any or not isinstance(kind, type):  # and what only a type checker understands
        return None
    if not is_collection(kind):
        wrong = None if _is(value, kind) else Misfit(where, value, hint)
        return wrong or next(_misfits_of_fields(where, value), None)
    inner = _parts(where, value, kind)
    if inner is None:
        return Misfit(where, value, hint)
    of_items = parts[-1] if parts else Any
    return next(filter(None, (misfit(*each, of_items) for each in inner)), None)


def is_collection(kind: type) -> bool:
    """Tell whether things of this class are asked for because of what is in them."""
    return issubclass(kind, Iterable) and kind not in (str, bytes) and not hasattr(kind, "_fields")


def _parts(where: str, value: Any, kind: type) -> list[tuple[str, Any]] | None:
    """Return what is in a dictionary or a list, with a name for each; None if it is none."""
    if issubclass(kind, Mapping):
        is_one = isinstance(value, Mapping)
        return [(f"{where}[{key!r}]", each) for key, each in value.items()] if is_one else None
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        return None
    if kind is tuple or not isinstance(value, list | tuple):  # it may be read only once
        return []
    return [(f"{where}[{number}]", each) for number, each in enumerate(value)]


def _is(value: Any, kind: type) -> bool:
    also: dict[type, Any] = {float: int, bytes: bytearray}
    try:
        return isinstance(value, (kind, also.get(kind, kind)))
    except TypeError:  # some protocols cannot be asked
        return True


def _misfits_of_fields(where: str, value: Any) -> Iterator[Misfit]:
    """Look into a data class: it takes anything, and fails when it is sent."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return
    for name, hint in hints_of(type(value)).items():
        if found := misfit(name, getattr(value, name, None), hint):
            yield found._replace(where=f"{found.where} of {where}")
