"""The lessons on another ArmoniK, which only the environment names: same cells, same outputs.

They run one after the other in one kernel, emptied in between, so that each lesson finds the
session of the one before, and none of its variables.
"""

import re
import sys
from collections.abc import Iterator

import pytest

from hello_helpers.embedded import EmbeddedArmonik
from tests.lessons.offline import DEAD_PROXY
from tests.lessons.running import LESSONS, PRIVATE, Kernel, cell_of, stored, text

pytestmark = pytest.mark.embedded_only

CHECKED = "nbval-check-output"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel that is told of a second ArmoniK, on a port, with a partition of another name."""
    worker = [sys.executable, "-m", "hello_helpers.worker"]
    with EmbeddedArmonik(partitions={"hello": worker}, port=0) as armonik:
        environment = {
            "AK_ENDPOINT": armonik.endpoint,
            "HELLO_PARTITION": "hello",
            "HELLO_ARMONIK_DIR": "/nowhere",
            **DEAD_PROXY,
        }
        with Kernel(environment) as kernel:
            yield kernel


@pytest.mark.parametrize("name", [name for name in LESSONS if name not in PRIVATE])
def test_a_lesson_gives_the_checked_outputs_on_a_second_armonik(kernel: Kernel, name: str) -> None:
    kernel.say("%reset -f")
    kernel.open(name)
    kernel.run_all()
    backend = cell_of(kernel.notebook, "backend" if name == "00_welcome" else "begin")
    told = text(backend)  # that it is an embedded one is known after the first call only
    assert re.search(r"^Backend: (embedded )?ArmoniK at (localhost|127.0.0.1)$", told, re.MULTILINE)
    expected = {cell.id: text(cell) for cell in checked(stored(name))}
    assert {cell.id: text(cell) for cell in checked(kernel.notebook)} == expected
    assert expected


@pytest.mark.parametrize("name", sorted(PRIVATE))
def test_a_lesson_that_needs_an_armonik_of_its_own_starts_it_all_the_same(
    kernel: Kernel, name: str
) -> None:
    kernel.open(name)
    kernel.run_until("start")
    assert "Backend: private embedded ArmoniK" in kernel.run(cell_of(kernel.notebook, "start"))
    kernel.say("armonik.close()")


def checked(notebook: object) -> list:
    return [cell for cell in notebook.cells if CHECKED in cell.metadata.get("tags", [])]
