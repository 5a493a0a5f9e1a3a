"""The lessons on another ArmoniK, which only the environment names: same cells, same outputs.

They run one after the other in one kernel, emptied in between, so that each lesson finds the
session of the one before, and none of its variables. As in a class, they call with a certificate,
and the teacher, who has another one, sees which lesson it is.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.learners import learners
from hello_helpers.embedded import EmbeddedArmonik, TlsFolder
from tests.lessons.offline import DEAD_PROXY
from tests.lessons.running import LESSONS, PRIVATE, Kernel, cell_of, stored, text

pytestmark = pytest.mark.embedded_only

CHECKED = "nbval-check-output"

LONG = ("08", "09", "10")
"""Lessons whose cells take longest; on the shared ArmoniK, they are run in each test run."""


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedArmonik]:
    """A second ArmoniK, on a port, with certificates, and a partition of another name."""
    worker = [sys.executable, "-m", "hello_helpers.worker"]
    folder = tmp_path_factory.mktemp("tls")
    with EmbeddedArmonik(partitions={"hello": worker}, tls=folder) as armonik:
        issued = TlsFolder(folder).issue("ada")
        issued.private_key_and_cert_chain_pem.write_to_path(folder / "ada.pem")
        yield armonik


@pytest.fixture(scope="module")
def kernel(second: EmbeddedArmonik) -> Iterator[Kernel]:
    """The kernel of a learner who is told of it."""
    own = str(Path(second.certificate_authority).with_name("ada.pem"))
    environment = {
        "AK_ENDPOINT": second.endpoint,
        "Grpc__CaCert": second.certificate_authority,
        "Grpc__ClientCert": own,
        "Grpc__ClientKey": own,
        "HELLO_LEARNER": "ada",
        "HELLO_PARTITION": "hello",
        "HELLO_ARMONIK_DIR": "/nowhere",
        **DEAD_PROXY,
    }
    with Kernel(environment) as kernel:
        yield kernel


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name.startswith(LONG) else ())
        for name in LESSONS
        if name not in PRIVATE
    ],
)
def test_a_lesson_gives_the_checked_outputs_on_a_second_armonik(
    kernel: Kernel, second: EmbeddedArmonik, name: str
) -> None:
    kernel.say("%reset -f")
    kernel.open(name)
    kernel.run_all()
    backend = cell_of(kernel.notebook, "backend" if name == "00_welcome" else "begin")
    told = text(backend)  # that it is an embedded one is known after the first call only
    assert re.search(r"^Backend: (embedded )?ArmoniK at 127.0.0.1, as ada$", told, re.MULTILINE)
    expected = {cell.id: text(cell) for cell in checked(stored(name))}
    assert {cell.id: text(cell) for cell in checked(kernel.notebook)} == expected
    assert expected
    number, _, _ = name.partition("_")
    if number not in UNLABELLED:
        assert seen_by_the_teacher(second) == number


@pytest.mark.parametrize("name", sorted(PRIVATE))
def test_a_lesson_that_needs_an_armonik_of_its_own_starts_it_all_the_same(
    kernel: Kernel, name: str
) -> None:
    kernel.open(name)
    kernel.run_until("start")
    assert "Backend: private embedded ArmoniK" in kernel.run(cell_of(kernel.notebook, "start"))
    kernel.say("armonik.close()")


UNLABELLED = ("01", "02", "03", "A")
"""Lessons that make nothing with their label: the teacher goes on seeing the one before."""


def seen_by_the_teacher(armonik: EmbeddedArmonik) -> str:
    """Return at which lesson ada is, for somebody who has the certificate of who serves."""
    endpoint = Endpoint.parse(
        armonik.endpoint,
        certificate_authority=armonik.certificate_authority,
        client_certificate=armonik.client_certificate,
        client_key=armonik.client_key,
    )
    with endpoint.open_channel() as channel:
        return {learner.name: learner.lesson for learner in learners(channel)}["ada"]


def checked(notebook: object) -> list:
    return [cell for cell in notebook.cells if CHECKED in cell.metadata.get("tags", [])]
