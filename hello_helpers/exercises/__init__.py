"""The exercises of the lessons, one each; see `hello_helpers.exercises.core`."""

from __future__ import annotations

from hello_helpers.exercises.lesson_00 import exercise_00
from hello_helpers.exercises.lesson_01 import exercise_01
from hello_helpers.exercises.lesson_02 import exercise_02
from hello_helpers.exercises.lesson_03 import exercise_03
from hello_helpers.exercises.lesson_04 import exercise_04
from hello_helpers.exercises.lesson_05 import exercise_05
from hello_helpers.exercises.lesson_06 import exercise_06
from hello_helpers.exercises.lesson_07 import exercise_07
from hello_helpers.exercises.lesson_08 import exercise_08
from hello_helpers.exercises.lesson_09 import exercise_09
from hello_helpers.exercises.lesson_10 import exercise_10
from hello_helpers.exercises.lesson_11 import exercise_11
from hello_helpers.exercises.lesson_a import exercise_a

__all__ = [
    "exercise_00",
    "exercise_01",
    "exercise_02",
    "exercise_03",
    "exercise_04",
    "exercise_05",
    "exercise_06",
    "exercise_07",
    "exercise_08",
    "exercise_09",
    "exercise_10",
    "exercise_11",
    "exercise_a",
]
