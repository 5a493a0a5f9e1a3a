"""Lesson 12: a worker of the learner's own for another fractal, which is sent two tiles."""

from __future__ import annotations

import json
from collections.abc import Mapping

from armonik.client import ArmoniKResults, ArmoniKTasks
from armonik.common import TaskDefinition

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.course.private_armonik import endpoint_of, last_error
from hello_helpers.course.worker_mistakes import remedy_of
from hello_helpers.errors import WaitError
from hello_helpers.exercises.core import Exercise, Wrong, wrong_if
from hello_helpers.exercises.looking import running
from hello_helpers.steps import create_session
from hello_helpers.wait.waiting import wait_for_results

PARTITION = "render"

WIDTH, HEIGHT = 8, 6

LIMIT = 250

PATIENCE = 15.0
"""Seconds that the worker has for both tiles."""

TILES = tuple(
    {"left": left, "top": 0, "width": WIDTH, "height": HEIGHT, "zoom": 0.2}
    | {"real": real, "imaginary": 0.156}
    for left, real in ((0, -0.8), (8, -0.7))
)
"""They differ in place and in c: a worker that takes either from elsewhere is found out."""

SOLUTION = '''\
from pathlib import Path

code = """\\
import json

from armonik.common import Output
from armonik.worker import TaskHandler, armonik_worker

LIMIT = 250


def steps(x, y, c):
    z = complex(x, y)
    for number in range(1, LIMIT):
        z = z * z + c
        if abs(z) > 2:
            return number
    return 0


@armonik_worker()
def render(task: TaskHandler) -> Output:
    tile = json.loads(task.payload)
    c = complex(tile["real"], tile["imaginary"])
    pixels = bytes(
        steps(x * tile["zoom"] - 1.6, y * tile["zoom"] - 1.2, c)
        for y in range(tile["top"], tile["top"] + tile["height"])
        for x in range(tile["left"], tile["left"] + tile["width"])
    )
    task.send_results({task.expected_results[0]: pixels})
    return Output()


if __name__ == "__main__":
    render.run()
"""
Path("julia_worker.py").write_text(code)
my_armonik = start("julia_worker.py")
'''


def _look(answer: object) -> str:
    armonik = running(answer, 'start("julia_worker.py")')
    with endpoint_of(armonik).open_channel() as channel, explained(channel):
        session_id = create_session(channel, PARTITION)
        results = ArmoniKResults(channel)
        contents = {str(n): json.dumps(tile).encode() for n, tile in enumerate(TILES)}
        stored = results.create_results(contents, session_id)
        announced = results.create_results_metadata(list(contents), session_id)
        output_ids = [announced[name].result_id for name in contents]
        tasks = [
            TaskDefinition(payload_id=stored[name].result_id, expected_output_ids=[output_id])
            for name, output_id in zip(contents, output_ids, strict=True)
        ]
        ArmoniKTasks(channel).submit_tasks(session_id, tasks)
        try:
            wait_for_results(channel, session_id, output_ids, PATIENCE)
        except WaitError as error:
            log = last_error(armonik)
            todo = f"{remedy_of(log) or 'Mend the file.'} Then run its cell, and start it again."
            raise Wrong(error.message, todo, log) from None
        for tile, output_id in zip(TILES, output_ids, strict=True):
            _compare(tile, results.download_result_data(output_id, session_id))
    return "Two tiles with two values of c, and every pixel is right. That is an application."


def _compare(tile: Mapping[str, float], pixels: bytes) -> None:
    expected = _julia(tile)
    wrong_if(
        len(pixels) != len(expected),
        f"A tile of {WIDTH} x {HEIGHT} pixels has {len(expected)} bytes; yours has {len(pixels)}.",
        "Leave the function render as it is: it makes one byte for each pixel.",
    )
    wrong_if(
        not any(pixels),
        "All pixels are 0: no point ever runs away.",
        "Count the steps in a loop, as the worker above does, and start it again.",
    )
    wrong_if(
        pixels == _julia(tile, mandelbrot=True),
        "These are the pixels of the Mandelbrot set.",
        "z begins at the point, complex(x, y), and c is the one that steps is given.",
    )
    right = sum(map(int.__eq__, pixels, expected))
    wrong_if(
        right < len(expected),
        f"{right} of {len(expected)} pixels are right.",
        "At first z = complex(x, y); in each step z = z * z + c, and then look at abs(z) > 2.",
    )


def _julia(tile: Mapping[str, float], mandelbrot: bool = False) -> bytes:
    """Return the pixels of a tile; or those of somebody who has changed nothing but its frame."""
    c = complex(tile["real"], tile["imaginary"])
    points = (
        complex((tile["left"] + x) * tile["zoom"] - 1.6, y * tile["zoom"] - 1.2)
        for y in range(HEIGHT)
        for x in range(WIDTH)
    )
    return bytes(_steps(0j, point) if mandelbrot else _steps(point, c) for point in points)


def _steps(z: complex, c: complex) -> int:
    for number in range(1, LIMIT):
        z = z * z + c
        if abs(z) > 2:
            return number
    return 0


exercise_12 = Exercise(
    "exercise_12",
    _look,
    (
        "Only the function steps is missing. Look at that of render_worker.py: what is 0j there, "
        "and what is c?",
        "z = complex(x, y) is the beginning; c comes as an argument. The loop is the same.",
        "z = complex(x, y), then for number in range(1, LIMIT): z = z * z + c, and return number "
        "as soon as abs(z) > 2; after the loop, return 0.",
    ),
    SOLUTION,
)
