"""Filters of the API, compiled to SQL conditions.

A filter is an OR of ANDs of comparisons: ``or[] { and[] { field, value } }``. No ``or`` at all, or
an ``and`` without comparisons, matches everything. Values are always bound, never written into the
SQL. Strings are compared as bytes: exactly, with case, with NUL characters and without wildcards.

What is unset (a date that has not come, an options key that is not there) equals nothing, contains
nothing, is neither before nor after anything. So NOT_EQUAL and NOT_CONTAINS are true of it, and
every other operator is false.

Dates and durations are whole nanoseconds within 64 bits (years 1677 to 2262, 292 years); a value
beyond that is taken for the nearest end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..errors import InvalidArgument
from .clock import from_message
from .database import Database
from .fields import Column, Fields, Kind, column, json_rows

Parameter = str | bytes | int

MAX_PARAMETERS = 10_000
"""Values in one filter. SQLite plans so many in a second, and three times as many in ten."""


EVERYTHING = "1"
"""The condition that every row fulfils."""


@dataclass(frozen=True)
class Where:
    """A condition for a WHERE clause, and the values of its question marks.

    For a row that does not match, the condition is 0 or NULL.

    Attributes:
        passing: whether it is about what a row goes through: a status, an instant.
        choices: if it says no more than that one of some columns has one of many values: these, by
            column. So they can be looked up, while SQLite walks through all of them each time.
    """

    sql: str = EVERYTHING
    parameters: tuple[Parameter, ...] = ()
    passing: bool = False
    choices: Mapping[Column, frozenset[str]] = field(default_factory=dict)

    def ids(self, fields: Fields) -> frozenset[str] | None:
        """Return the only ids that can match, if it says no more than that; else None."""
        by_name = {column.sql: values for column, values in self.choices.items()}
        return by_name.get(fields.id_column) if len(by_name) == 1 else None


class _Comparison(NamedTuple):
    """One comparison; ``equals`` is set if it says that a string column has this value."""

    where: Where
    column: Column
    equals: str | None = None


def compile_filters(filters: Any, fields: Fields) -> Where:
    """Compile a ``Filters`` message.

    Raises:
        InvalidArgument: a comparison lacks its field or its value, names a field that there is
            not, has a value that does not fit the field or an unknown operator; or there are
            too many of them.
    """
    conjunctions = [
        [_comparison(message, fields) for message in conjunction]
        for conjunction in _conjunctions(filters)
    ]
    if not conjunctions or not all(conjunctions):
        return Where()
    equalities: dict[Column, list[str]] = {}
    alternatives: list[Where] = []
    for comparisons in conjunctions:
        first = comparisons[0]
        # SQLite ends a string of JSON at a NUL character, so such values stay out of the list.
        if len(comparisons) == 1 and first.equals is not None and "\0" not in first.equals:
            equalities.setdefault(first.column, []).append(first.equals)
        else:
            alternatives.append(_joined("AND", [comparison.where for comparison in comparisons]))
    choices = {about: frozenset(values) for about, values in equalities.items()}
    if alternatives or any(about.in_json for about in choices):
        choices = {}
    alternatives += [_one_of(column, values) for column, values in equalities.items()]
    where = replace(_joined("OR", alternatives), choices=choices)
    if len(where.parameters) > MAX_PARAMETERS:
        raise InvalidArgument(
            f"The filter is too long: it compares with {len(where.parameters):,} values, and"
            f" {MAX_PARAMETERS:,} are allowed; split it into several calls"
        )
    return where


def matching(
    database: Database, fields: Fields, ids: Iterable[str], where: Where
) -> dict[str, int]:
    """Return which of these ids of tasks or results exist and match, each with its status."""
    among = f"{fields.id_column} IN (SELECT value FROM json_each(?))"
    of_these = json.dumps(list(ids))
    columns = [fields.id_column, "status", *(about.sql for about in where.choices)]
    condition = Where() if where.choices else where
    rows = database.rows(
        f"SELECT {', '.join(columns)} FROM {fields.table} WHERE {condition.sql} AND {among}",
        (*condition.parameters, of_these),
    )
    chosen = list(where.choices.values())
    return {
        row[0]: row[1]
        for row in rows
        if not chosen or any(value in values for value, values in zip(row[2:], chosen, strict=True))
    }


def _conjunctions(filters: Any) -> Iterator[Sequence[Any]]:
    """Yield the comparisons of each AND (``or`` and ``and`` are no names for Python)."""
    for conjunction in getattr(filters, "or"):
        yield getattr(conjunction, "and")


def _joined(operator: str, conditions: Sequence[Where]) -> Where:
    """Join conditions in a balanced tree: SQLite refuses expressions that are 1,000 deep."""
    level = [condition.sql for condition in conditions]
    while len(level) > 1:
        pairs = [f"({a} {operator} {b})" for a, b in zip(level[::2], level[1::2], strict=False)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    values = tuple(value for where in conditions for value in where.parameters)
    return Where(level[0], values, any(where.passing for where in conditions))


def _one_of(column: Column, values: Sequence[str]) -> Where:
    """Say that a column has one of many values, in one parameter."""
    return Where(
        f"{column.sql} IN (SELECT value FROM json_each(?))",
        (*column.parameters, json.dumps(values, ensure_ascii=False)),
    )


def _column(message: Any, fields: Fields) -> Column:
    if not message.HasField("field"):
        raise InvalidArgument("A filter has no field: say which field it is about")
    return column(fields, message.field)


def _comparison(message: Any, fields: Fields) -> _Comparison:
    """Compile one ``FilterField`` message."""
    about = _column(message, fields)
    member = message.WhichOneof("value_condition")
    fitting = f"filter_{about.kind.value}"
    if about.kind is Kind.SORT_ONLY:
        raise InvalidArgument(f"One can sort by {about.name}, not filter on it")
    if member is None:
        raise InvalidArgument(f"The filter on {about.name} has no value: set its {fitting}")
    if member != fitting:
        raise InvalidArgument(
            f"The filter on {about.name} is a {member}, but the field is a {about.kind.value}:"
            f" set its {fitting}"
        )
    condition = getattr(message, member)
    template = _template(about, condition)
    values: tuple[Parameter, ...]
    equals = None
    if about.kind in (Kind.STRING, Kind.ARRAY):
        template, values = _text(about, condition, template)
        if template == _EQUAL_TEXT:
            equals = condition.value
    else:
        values = (_number(about, condition),)
    passing = about.kind in (Kind.STATUS, Kind.DATE)
    where = Where(template.format(column=about.sql), (*about.parameters, *values), passing)
    return _Comparison(where, about, equals)


_EQUAL_TEXT = "{column} = CAST(? AS TEXT)"
_CONTAINS = "instr(CAST({column} AS BLOB), ?) > 0"
_STARTS_WITH = "substr(CAST({column} AS BLOB), 1, ?) = ?"
_ENDS_WITH = "substr(CAST({column} AS BLOB), ?) = ?"

# In the order of the numbers in filters_common.proto.
_STRINGS = (
    _EQUAL_TEXT,
    "{column} IS NOT CAST(? AS TEXT)",
    _CONTAINS,
    "ifnull(instr(CAST({column} AS BLOB), ?), 0) = 0",
    _STARTS_WITH,
    _ENDS_WITH,
)
_ORDERED = ("= ?", "IS NOT ?", "< ?", "<= ?", ">= ?", "> ?")
_NUMBERS = tuple(f"{{column}} {operator}" for operator in _ORDERED)
_ITEM = f"(SELECT 1 FROM {json_rows('{column}')} WHERE value = CAST(? AS TEXT))"
_TEMPLATES = {
    Kind.STRING: _STRINGS,
    Kind.ARRAY: (f"EXISTS {_ITEM}", f"NOT EXISTS {_ITEM}"),
    Kind.NUMBER: _NUMBERS,
    Kind.DATE: _NUMBERS,
    Kind.DURATION: _NUMBERS,
    Kind.STATUS: _NUMBERS[:2],
    Kind.BOOLEAN: _NUMBERS[:1],
}


def _template(about: Column, condition: Any) -> str:
    """Return the SQL of a comparison's operator."""
    templates = _TEMPLATES[about.kind]
    operator: int = condition.operator
    if operator not in range(len(templates)):
        raise InvalidArgument(
            f"The filter on {about.name} has an unknown operator, number {operator}"
        )
    return templates[operator]


def _text(about: Column, condition: Any, template: str) -> tuple[str, tuple[Parameter, ...]]:
    """Return the template and the values of a comparison with a string."""
    value = about.encode(condition.value)
    if template in (_STARTS_WITH, _ENDS_WITH) and not value:
        return _CONTAINS, (value,)  # true of any string; substr of an empty BLOB is NULL
    if template == _STARTS_WITH:
        return template, (len(value), value)
    if template == _ENDS_WITH:
        return template, (-len(value), value)
    return template, (value,)


def _number(about: Column, condition: Any) -> int:
    """Return the value of a comparison with anything that is a number in the tables."""
    if about.kind not in (Kind.DATE, Kind.DURATION):
        return int(condition.value)
    if not condition.HasField("value"):
        raise InvalidArgument(f"The filter on {about.name} has no value: set its value")
    return from_message(condition.value)
