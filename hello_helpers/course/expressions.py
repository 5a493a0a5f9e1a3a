"""What is wrong with an expression of a cell: an attribute, a key, an import, or a call as such.

Python tells what it has not found. What there is instead, it often does not tell, and IPython
leaves out Python's own "Did you mean". Here it is looked up.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import pkgutil
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hello_helpers.course.remedies import Mistake, is_of_lesson, shown

LISTS = re.compile(r"list_(tasks|results|sessions|partitions|applications)$")

METHOD = (types.MethodType, types.FunctionType, types.BuiltinMethodType)

NOT_AWAITED = Mistake(
    "ArmoniK's calls are not awaited: when they return, the answer is there.", "Leave out await."
)


def mistake_in(error: BaseException, text: str, names: dict[str, Any]) -> Mistake | None:
    """Return what is wrong with an expression; None if Python's own words say it best.

    Args:
        error: that it has raised.
        text: the expression, or the statement that it is in.
        names: that the cell mentions, with their values.
    """
    if isinstance(error, AttributeError):
        return _of_attribute(error, text, names)
    if isinstance(error, ImportError):
        return _of_import(error)
    if isinstance(error, KeyError | IndexError):
        return _of_key(error, text, names)
    if isinstance(error, TypeError):
        return _of_type(str(error), text) or _of_signature(error, text, names)
    return None


def _of_attribute(error: AttributeError, text: str, names: dict[str, Any]) -> Mistake | None:
    if error.name is None:  # raised by hand, or by an assignment: nothing says of what
        return None
    name, owner = error.name, error.obj
    what = _find(text, lambda node: isinstance(node, ast.Attribute) and node.attr == name)
    what = what or next((key for key, value in names.items() if value is owner), "")
    if of_many := _of_many(name, owner, what or "it", names):
        return of_many
    if owner is None and what:
        return Mistake(f"{what} is None: there is nothing in it.", "Has what fills it run already?")
    if isinstance(owner, METHOD):
        return Mistake(
            f"{what or 'It'} is a method that was not called.", f"Write {what}().{name}."
        )
    known = [each for each in dir(owner) if not each.startswith("_")]
    if not (near := _near(name, owner, known)) and not is_of_lesson(owner):
        return None
    if isinstance(owner, type):
        found = f"{owner.__name__} has no {name!r}."
    else:
        found = f"{what or 'This'} is {shown(owner)}, and that has no {name!r}."
    return Mistake(found, _did_you_mean(near) or f"It has: {', '.join(known)}.")


def _near(name: str, owner: Any, known: list[str]) -> list[str]:
    """Return what is called nearly so, in what is looked into or in a part of it."""
    kind = owner if isinstance(owner, type) else type(owner)
    if (whole := f"{kind.__name__.lower()}_{name}") in known:
        return [whole]
    near = difflib.get_close_matches(name, known, 3, 0.6)
    if near or not is_of_lesson(owner):  # to look into it may run anybody's code
        return near
    return [f"{each}.{name}" for each in known if _has_inside(owner, each, name)]


def _has_inside(owner: Any, part: str, name: str) -> bool:
    try:
        inside = getattr(owner, part)
        return is_of_lesson(inside) and hasattr(inside, name)
    except Exception:  # a field that ArmoniK cannot search for, or that a condition does not have
        return False


def _of_many(name: str, owner: Any, what: str, names: dict[str, Any]) -> Mistake | None:
    """Tell of an attribute of one thing that is looked for in a list, a dictionary, or a pair."""
    is_pair = isinstance(owner, tuple) and len(owner) == 2 and isinstance(owner[0], int)
    is_part = isinstance(owner, int) and _is_listed(name)
    if (is_pair or is_part) and (listed := next(filter(LISTS.match, names), "")):
        return Mistake(
            f"{listed} returns a pair: how many there are, and a list of them.",
            f"Take it apart: count, found = ....{listed}(...).",
        )
    if isinstance(owner, Mapping) and name in owner:
        return Mistake(f"{what} is a dictionary.", f"Write {what}[{name!r}].")
    things = (
        owner if isinstance(owner, Mapping) else dict(enumerate(owner)) if _is_list(owner) else {}
    )
    for key, thing in things.items():
        if hasattr(thing, name):
            kind = "a list" if _is_list(owner) else "a dictionary"
            found = f"{what} is {kind}, and that has no {name!r}; what is in it has one."
            return Mistake(found, f"Take one of them: {what}[{key!r}].{name}.")
    return None


def _is_listed(name: str) -> bool:
    """Tell whether what ArmoniK lists has an attribute that is called so."""
    common = sys.modules.get("armonik.common")
    listed = (getattr(common, each, None) for each in ("Task", "Result", "Session", "Partition"))
    return any(each is not None and name in dir(each) for each in listed)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _of_key(error: LookupError, text: str, names: dict[str, Any]) -> Mistake | None:
    what = _find(text, lambda node: isinstance(node, ast.Subscript))
    owner = names.get(what)
    if _is_list(owner) and owner:
        last = len(owner) - 1
        return Mistake(
            f"There are {last + 1} things in {what}.", f"They are {what}[0] to [{last}]."
        )
    if not isinstance(owner, Mapping) or not error.args or error.args[0] in owner:
        return None
    key, known = error.args[0], list(owner)
    texts = {str(each): repr(each) for each in known}
    near = [texts[each] for each in difflib.get_close_matches(str(key), texts, 3, 0.6)]
    todo = _did_you_mean(near) or f"It has: {', '.join(map(repr, known[:9]))}."
    todo = todo if known else "It is empty."
    if len(known) > 1 and all(isinstance(each, str) and len(each) == 1 for each in known):
        todo += " Was a text taken for the list of its letters? A list has brackets: [...]."
    return Mistake(f"There is no {key!r} in {what}.", todo)


def _of_import(error: ImportError) -> Mistake | None:
    """Tell of a name that a package of the course does not have, without any path."""
    module = error.name or ""
    if isinstance(error, ModuleNotFoundError):
        module, _, name = module.rpartition(".")
        found = sys.modules.get(module)
        known = [each.name for each in pkgutil.iter_modules(getattr(found, "__path__", []))]
    else:
        found = sys.modules.get(module)
        name = (re.match(r"cannot import name '(\w+)'", str(error)) or ("", ""))[1]
        known = dir(found)
    if found is None or not name or not is_of_lesson(found):
        return None
    near = difflib.get_close_matches(name, known, 3, 0.6)
    return Mistake(f"{module} has no {name!r}.", _did_you_mean(near))


def _of_type(told: str, text: str) -> Mistake | None:
    """Tell of brackets that are wrong, or an await."""
    if "can't be used in 'await' expression" in told:
        return NOT_AWAITED
    if many := re.match(r"'(\w+)' object is not subscriptable", told):
        for node in _nodes(text):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                what, key = ast.unparse(node.value), node.slice.value
                if "method" in many[1] or many[1] == "function":
                    return Mistake(f"{what} is a method that was not called.", f"Write {what}().")
                if isinstance(key, str) and key.isidentifier():
                    found = f"{what} is no dictionary: it is an object of the class {many[1]}."
                    return Mistake(found, f"What is in it, has a dot before it: {what}.{key}.")
    if re.match(r"'\w+' object is not callable", told):
        what = _find(text, lambda node: isinstance(node, ast.Call))
        return Mistake(f"{what} is no method.", f"Leave out the (): {what}.") if what else None
    return None


def _of_signature(error: TypeError, text: str, names: dict[str, Any]) -> Mistake | None:
    """Tell how a function is called, to somebody who has forgotten an argument, or invented one."""
    told = re.match(r"([\w.]+)\(\) ", str(error))
    function = _look_up(told[1], names) if told else None
    if told is None or function is None:
        return None
    name = told[1].removesuffix(".__init__")
    first, _, method = name.partition(".")
    if method and isinstance(names.get(first), type) and f"{first}.{method}(" in text:
        made = f"{first}{signature(names[first])}"
        return Mistake(
            f"{method} needs an object of the class {first}.", f"Write {made}.{method}(...)."
        )
    return Mistake(f"{error}.", f"It is called so: {name}{signature(function)}.")


def signature(function: Callable[..., Any]) -> str:
    """Return the arguments of a function, in brackets; defaults if they are short."""
    parts = []
    for each in inspect.signature(function).parameters.values():
        simple = type(each.default) in (type(None), bool, int, float, str)
        default = repr(each.default) if simple else "..."
        if each.name != "self":
            parts.append(each.name if each.default is each.empty else f"{each.name}={default}")
    return f"({', '.join(parts)})"


def _look_up(path: str, names: dict[str, Any]) -> Callable[..., Any] | None:
    """Return the function of the notebook, or of a class in it, that Python calls so."""
    first, *rest = path.split(".")
    classes = {type(value).__name__: type(value) for value in list(names.values())}
    modules = [each for each in names.values() if isinstance(each, types.ModuleType)]
    of_module = next((getattr(each, first) for each in modules if hasattr(each, first)), None)
    found: Any = names.get(first) or classes.get(first) or of_module
    for name in rest:
        found = getattr(found, name, None)
    return found if callable(found) else None


def _nodes(text: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(text))
    except SyntaxError:  # a part of a statement
        return


def _find(text: str, fits: Callable[[Any], bool]) -> str:
    """Return what stands before the dot or the bracket of the outermost node that fits."""
    for node in filter(fits, _nodes(text)):
        before: ast.expr = node.func if isinstance(node, ast.Call) else getattr(node, "value")  # noqa: B009
        return ast.unparse(before)
    return ""


def _did_you_mean(near: Iterable[str]) -> str:
    *most, last = [*near] or [""]
    return f"Did you mean {' or '.join(filter(None, (', '.join(most), last)))}?" if last else ""
