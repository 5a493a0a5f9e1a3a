"""The end of a lesson: what the learner can do now, where they are, and what comes next."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

from hello_helpers.course.standing import LESSONS, Standing, Step, minute
from hello_helpers.display.tables import Table

SHEET = "sheet.html"
"""The page to keep, beside the notebooks: all calls, states and errors of the course."""

EN_SPACE, NO_BREAK = "\N{EN SPACE}", "\N{NO-BREAK SPACE}"

PRINT = " (To print it, download it by a right click on its name, and open it in the browser.)"

LAST = "12"
"""The last lesson for everybody: A is for those who know the old page."""

GAINS = {
    "00": "send numbers to ArmoniK, and say what its three planes are for",
    "01": "open a channel to any ArmoniK, and find out why one does not answer",
    "02": "frame a computation in a session: close, pause or cancel all of it with one call",
    "03": "store data in ArmoniK, and announce what a task will produce",
    "04": "submit a task, and say what each of its states means",
    "05": "wait for a result with a time limit, and say why one does not come",
    "06": "write a client as a program that leaves nothing running",
    "07": "write a worker, run it in a partition, and read its log",
    "08": "let work split itself while it runs, and let tasks wait for each other's data",
    "09": "tell what has failed, what ArmoniK does about it, and what you must do",
    "10": "send thousands of tasks, and choose how large each should be",
    "11": "reach a cluster that asks who you are",
    "12": "make an application of your own, which survives the loss of a pod",
    "A": "read a program for the old API, and write it for today's",
}
"""What each lesson is good for, by its number, as it goes on after "You can now"."""

PULLS = {
    "00": "your first task travels through ArmoniK, before you write a line",
    "01": "every call goes through it, and it is where a wrong address shows",
    "02": "one call can then stop, or clean up, a whole computation",
    "03": "so data of any size reach a worker, and the queue stays small",
    "04": "your own task, watched from state to state",
    "05": "the sum comes back: with that you have a whole client",
    "06": "all of it on one page, and then as a program to take to work",
    "07": "the other side: ArmoniK runs your own code",
    "08": "a task that makes tasks: a worker cuts its work into pieces",
    "09": "break it here on purpose, so that you know what you see at work",
    "10": "thousands of tasks on a live board, and what each one costs",
    "11": "what a real cluster asks of you before your first call",
    "12": "a picture of a hundred tasks, which is finished although a pod dies",
    "A": "only if you have an old program, or an open question",
}
"""Why each lesson is worth it, as it goes on after its title."""


@dataclass(frozen=True)
class Link:
    """A text that leads to a file beside the notebook, if that is there."""

    text: str
    files: str

    def __str__(self) -> str:
        return self.text

    def html(self) -> str:
        """Return it as HTML."""
        text = html.escape(self.text)
        found = next(Path().glob(self.files), None)
        return f'<a href="{html.escape(found.name)}">{text}</a>' if found else text


Line = list[str | Link]


@dataclass(frozen=True)
class Outlook:
    """Lines with links; a cell that ends with it shows them."""

    lines: list[Line]

    def __repr__(self) -> str:
        return "\n".join("".join(map(str, line)) for line in self.lines)

    def _repr_html_(self) -> str:
        return "".join(
            '<p style="margin: 0.3em 0">'
            + "".join(part.html() if isinstance(part, Link) else html.escape(part) for part in line)
            + "</p>"
            for line in self.lines
        )


def at_the_end(before: str, here: str, standing: Standing, remark: str = "") -> Outlook:
    """Return how a lesson ends.

    Args:
        before: what is said first.
        here: the lesson; "" if it is not known.
        standing: the learner's.
        remark: what must be known about the keeping; "" for nothing.
    """
    lines: list[Line] = [[before]]
    if here in GAINS:
        open_yet = "" if standing.when(here, Step.RIGHT) else " Its exercise waits for you."
        lines.append([f"You can now {GAINS[here]}.{open_yet}"])
    if standing.records.keys() - {here} or standing.with_step(Step.RIGHT):
        lines += how_far(standing)
    lines += ahead(standing, here)
    return Outlook([*lines, [remark]] if remark else lines)


def how_far(standing: Standing) -> list[Line]:
    """Say it in a line, and with a sign for each lesson, which leads there."""
    signs: Line = []
    for lesson in LESSONS:
        between = EN_SPACE if signs else ""
        sign = f"{NO_BREAK}{standing.sign(lesson)}"
        signs += [between, Link(lesson, f"{lesson}_*.ipynb"), sign]
    return [[standing.line()], signs]


def ahead(standing: Standing, here: str = "") -> list[Line]:
    """Say what comes next and why, and what there is to keep for whoever has come to the end."""
    following = standing.next_after(here)
    last_done = standing.when(LAST, Step.ENDED) is not None
    lines: list[Line] = [["That is the whole course!"]]
    if following:
        title = Link(f"{following} {LESSONS[following]}", f"{following}_*.ipynb")
        word = "Still open: " if following <= here else "Next: "
        lines = [[word, title, f": {PULLS[following]}."]]
    if last_done or not following:
        lines.append(["To keep: ", Link(SHEET, SHEET), ", the whole course on one page.", PRINT])
    return lines


def table(standing: Standing, remark: str = "", *, wide: bool = True) -> Table:
    """Show all lessons, with what comes next below them, and a remark, if there is one.

    Args:
        wide: say also what each lesson is good for.
    """
    header = ("lesson", "exercise", "run to its end", "after it, you can")
    rows = [
        (
            f"{lesson} {title}",
            standing.exercise(lesson),
            minute(standing.when(lesson, Step.ENDED)),
            GAINS[lesson],
        )
        for lesson, title in LESSONS.items()
    ]
    below = [*repr(Outlook(ahead(standing))).splitlines(), *([remark] if remark else [])]
    columns = len(header) if wide else len(header) - 1
    return Table(
        standing.line(), header[:columns], [row[:columns] for row in rows], " ".join(below)
    )
