"""Lesson 11: TLS, and who the server takes its callers for."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hello_helpers.course.certificates import certificate_for
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.errors import InputError
from hello_helpers.exercises import exercise_11
from tests.lessons.running import Kernel

pytestmark = pytest.mark.embedded_only


@pytest.fixture
def armonik(tmp_path: Path) -> Iterator[EmbeddedArmonik]:
    """An embedded ArmoniK with TLS."""
    with EmbeddedArmonik(pods=1, tls=tmp_path / "tls") as embedded:
        yield embedded


def test_the_certificate_of_another_user_is_for_its_owner_only(armonik: EmbeddedArmonik) -> None:
    path = Path(certificate_for(armonik, "ada"))
    assert stat.filemode(path.stat().st_mode) == "-rw-------"
    assert certificate_for(armonik, "ada") == str(path)  # once more


@pytest.mark.parametrize("name", ["", "Ada", "../ada", "a b", "a" * 80])
def test_a_name_that_cannot_be_used_is_told(armonik: EmbeddedArmonik, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a user"):
        certificate_for(armonik, name)


def test_an_armonik_without_tls_has_no_certificates() -> None:
    with (
        EmbeddedArmonik(pods=1) as plain,
        pytest.raises(InputError, match="does not speak TLS"),
    ):
        certificate_for(plain, "ada")


def test_the_check_tells_that_the_private_armonik_has_ended() -> None:
    with Kernel() as kernel:
        kernel.open("11_secure_channel")
        kernel.run_until("exercise")
        kernel.say("armonik.close()")
        verdict = kernel.answer(exercise_11.code)
        assert "The ArmoniK of this lesson has ended." in verdict
        kernel.run_from("close-text")
