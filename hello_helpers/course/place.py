"""Where in a notebook an error has come up: the line, the expression, and the calls behind it."""

from __future__ import annotations

import itertools
import linecache
import re
import types
from collections.abc import Iterable
from typing import Any, NamedTuple

from hello_helpers.course.remedies import is_of_lesson


class Place(NamedTuple):
    """Where in the notebook an error has come up.

    Attributes:
        line: of the cell; "" if it went through none.
        begun: the line of a cell by which all began, if that is another one.
        text: the expression in it that has failed, or the line.
        caller: the function of a library that has called this one of the notebook; "" if none has.
        frames: that the error went through, from that of the cell on.
        offer: hints and solution, if it is the cell of an exercise.
    """

    line: str = ""
    begun: str = ""
    text: str = ""
    caller: str = ""
    frames: tuple[types.FrameType, ...] = ()
    offer: str = ""

    @property
    def is_cell(self) -> bool:
        """True if the error was raised by the cell itself."""
        return len(self.frames) == 1

    def lines(self) -> list[str]:
        """Return what is told of it."""
        where = f"in your own function, which {self.caller} has called" if self.caller else "here"
        begun = self.begun and f"It began here: {self.begun}"
        happened = self.line and f"It happened {where}: {self.line}"
        return list(filter(None, (happened, begun, self.offer)))


def place_of(traceback: types.TracebackType | None, names: dict[str, Any]) -> Place:
    """Return the last line of a cell that a traceback went through, and all after it."""
    line, text, caller, offer, begun = "", "", "", "", ""
    frames: list[types.FrameType] = []
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_globals is names:
            caller = next((each.f_code.co_name for each in frames if is_of_lesson(each)), "")
            frames = []
            file = frame.f_code.co_filename
            line = linecache.getline(file, traceback.tb_lineno).strip()
            begun = begun or line
            text = _expression(traceback) or line
            offer = _offer("".join(linecache.getlines(file)), names)
        frames.append(frame)
        traceback = traceback.tb_next
    if not line:
        return Place()
    return Place(line, begun if begun != line else "", text, caller, tuple(frames), offer)


def _expression(traceback: types.TracebackType) -> str:
    """Return the expression that was being evaluated; "" if Python is too old to know (3.10)."""
    code = traceback.tb_frame.f_code
    places: Iterable[Any] = getattr(code, "co_positions", list)()
    where = next(itertools.islice(places, traceback.tb_lasti // 2, None), (None,) * 4)
    first, last, begin, end = where
    if first is None or last is None:
        return ""
    lines = [line.encode() for line in linecache.getlines(code.co_filename)[first - 1 : last]]
    lines[-1:] = [line[:end] for line in lines[-1:]]
    return b"".join(lines)[begin:].decode()


def _offer(cell: str, names: dict[str, Any]) -> str:
    """Return what the exercise of a cell offers: the error came before its check."""
    named = (names.get(name) for name in re.findall(r"exercise_\w+", cell))
    return next((str(offer) for each in named if (offer := getattr(each, "offer", ""))), "")
