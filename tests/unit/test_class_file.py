"""The file that a learner of a class gets: what it may say, and what is told if it is another."""

import datetime
import re
from pathlib import Path

import pytest
import trustme

from hello_helpers.connect.class_file import ClassFile
from hello_helpers.errors import InputError, NoAnswerError, NobodyListensError, TlsFileError

from .listeners import closed_port

AUTHORITY = trustme.CA()
PEM = AUTHORITY.cert_pem.bytes().decode()
DAMAGED = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "ada.env"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_certificates_are_in_the_file_or_beside_it(tmp_path: Path):
    path = written(tmp_path, f"# ada's\nexport AK_ENDPOINT='https://a:1'\nHELLO_LEARNER=ada\n{PEM}")
    inside = ClassFile.read(path)
    assert inside.endpoints == ("https://a:1",)
    own = dict.fromkeys(["Grpc__CaCert", "Grpc__ClientCert", "Grpc__ClientKey"], str(path))
    assert inside.variables == {**own, "HELLO_LEARNER": "ada"}
    beside = ClassFile.read(written(tmp_path, "AK_ENDPOINT=https://a:1\r\nGrpc__CaCert=ca.pem\r\n"))
    assert beside.variables == {"Grpc__CaCert": str(tmp_path / "ca.pem")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not say where ArmoniK is"),
        (b"\xff\xd8\xff\xe0" * 100, "does not say where ArmoniK is"),
        ("HELLO_LEARNER=ada\n", "does not say where ArmoniK is"),
        ("# AK_ENDPOINT=https://a:1\n", "does not say where ArmoniK is"),
        ("AK_ENDPOINT=https://a:1\nPATH=/tmp\n", "like 'PATH=/tmp'"),
        ("AK_ENDPOINT=https://a:1\nLD_PRELOAD=x\n", "like 'LD_PRELOAD=x'"),
        ("AK_ENDPOINT=https://a:1\nhello\n", "like 'hello'"),
        (f"AK_ENDPOINT=https://a:1\n{DAMAGED}", "are damaged"),
        (f"AK_ENDPOINT=https://a:1\n{PEM[:-30]}", "like '-----BEGIN"),
        (f"AK_ENDPOINT=https://a:1\n#  {'é' * 60_000}\n", "does not say where ArmoniK is"),
    ],
    ids=[
        "empty",
        "picture",
        "no address",
        "comment",
        "path",
        "preload",
        "text",
        "damaged",
        "cut",
        "long",
    ],
)
def test_another_file_is_refused_in_words_and_may_set_nothing_else(
    tmp_path: Path, text: str | bytes, words: str
):
    with pytest.raises(InputError, match=words) as caught:
        ClassFile.read(written(tmp_path, text))
    assert caught.value.hint


@pytest.mark.parametrize("name", ["none.env", "", "a\0b"])
def test_a_file_that_is_not_there_is_told_in_words(tmp_path: Path, name: str):
    with pytest.raises(InputError, match="cannot be read"):
        ClassFile.read(tmp_path / name)


def test_if_none_of_its_addresses_answers_all_are_named(tmp_path: Path):
    one, two = closed_port(), closed_port()
    file = ClassFile.read(
        written(tmp_path, f"AK_ENDPOINT=http://localhost:{one}\nAK_ENDPOINT=http://127.0.0.1:{two}")
    )
    with pytest.raises(NoAnswerError, match=f"localhost:{one}, 127.0.0.1:{two}"):
        file.find(1.0)
    with pytest.raises(NobodyListensError) as refused:
        file.find(1.0, f"127.0.0.1:{one}")
    assert "on the board" in refused.value.hint  # and not the usual port of a cluster


def test_a_certificate_that_is_not_valid_now_is_told_with_the_date_of_here(tmp_path: Path):
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    for begins, ends, words in ((-2, -1, "expired on"), (1, 2, "is not valid before")):
        leaf = AUTHORITY.issue_cert(
            common_name="ada", not_before=now + begins * day, not_after=now + ends * day
        )
        text = leaf.private_key_and_cert_chain_pem.bytes().decode() + PEM
        with pytest.raises(TlsFileError, match=f"A certificate in 'ada.env' {words}") as caught:
            ClassFile.read(written(tmp_path, f"AK_ENDPOINT=https://a:1\n{text}"))
        assert re.search(r"today is \d{4}-\d\d-\d\d|clock of this machine", caught.value.hint)
