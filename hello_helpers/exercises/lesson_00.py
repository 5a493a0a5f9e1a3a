"""Lesson 00: add the numbers from 0 to 999."""

from __future__ import annotations

from hello_helpers.exercises.core import Exercise, wrong_if

COUNT = 1000
RIGHT = sum(range(COUNT))

SOLUTION = """\
values_form.first_n.value = "1000"   # as if you typed it
values_form.run.click()              # as if you clicked
my_sum = values_form.wait()
"""


def _look(answer: object) -> str:
    wrong_if(
        isinstance(answer, bool) or not isinstance(answer, (int, float)),
        f"The answer must be a number; this is an object of the class {type(answer).__name__}.",
        "The form has it: my_sum = values_form.result",
    )
    wrong_if(
        answer == RIGHT + COUNT,
        f"{answer} is 1 + 2 + ... + 1000.",
        "The first n numbers start at 0: take n = 1000.",
    )
    wrong_if(
        answer == sum(range(10)),
        "45 is the sum of the ten numbers that were in the form.",
        "Type 1000 into the field n, and click the button.",
    )
    wrong_if(
        answer != RIGHT,
        f"The answer is {answer}, but 0 + 1 + ... + 999 is something else.",
        "Type 1000 into the field n, click the button, and wait for the result.",
    )
    return f"0 + 1 + ... + 999 is {RIGHT}. The worker makes several tasks of so many numbers."


exercise_00 = Exercise(
    "exercise_00",
    _look,
    (
        "You need not type a thousand numbers: the form has a field n.",
        "Type 1000 into the field n and click Send the numbers. "
        "When the result is there, it is in values_form.result.",
    ),
    SOLUTION,
)
