"""TLS files that cannot be used are found before anything is sent, and named."""

import datetime
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.tls_files import TlsFiles, read_tls_files
from hello_helpers.errors import TlsFileError

AUTHORITY = trustme.CA()
CLIENT = AUTHORITY.issue_cert("me@example.org")
CERTIFICATE, KEY = CLIENT.cert_chain_pems[0].bytes(), CLIENT.private_key_pem.bytes()


def read(folder: Path, **contents: bytes) -> TlsFiles:
    """Write files named as the fields are, and read them."""
    for field, content in contents.items():
        (folder / field).write_bytes(content)
    names = {field: f"{folder}/{field}" for field in contents}
    return read_tls_files(Endpoint.parse("https://host:1", **names))


def packed(password: bytes | None) -> bytes:
    """Return certificate and key as PKCS#12."""
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        b"me", load_pem_private_key(KEY, None), load_pem_x509_certificate(CERTIFICATE), None, lock
    )


def test_without_files_there_is_nothing_to_read():
    assert read_tls_files(Endpoint.parse("http://host:1")) == TlsFiles()


def test_certificate_and_key_in_two_files(tmp_path):
    files = read(
        tmp_path,
        certificate_authority=AUTHORITY.cert_pem.bytes(),
        client_certificate=CERTIFICATE,
        client_key=KEY,
    )
    assert files == TlsFiles(AUTHORITY.cert_pem.bytes(), CERTIFICATE, KEY)


def test_certificate_and_key_in_one_pem_file(tmp_path):
    both = KEY + CERTIFICATE
    assert read(tmp_path, client_certificate=both) == TlsFiles(None, both, both)


def test_certificate_and_key_in_a_pkcs12_file_become_pem(tmp_path):
    files = read(tmp_path, client_certificate=packed(None))
    assert files.client_certificate == CERTIFICATE
    assert load_pem_private_key(files.client_key, None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_before_the_text_does_not_matter(tmp_path, encoding):
    marked = AUTHORITY.cert_pem.bytes().decode().encode(encoding)
    files = read(tmp_path, certificate_authority=marked)
    assert files.certificate_authority == AUTHORITY.cert_pem.bytes()


def test_a_home_folder_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.cert_pem.bytes())
    assert read_tls_files(Endpoint("https", "host:1", "~/ca.pem")).certificate_authority


@pytest.mark.parametrize(
    ("name", "words"),
    [("ca.pem", "CA file 'ca.pem' cannot be read: No such file"), ("", "Is a directory")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, words):
    with pytest.raises(TlsFileError, match=words):
        read_tls_files(Endpoint("https", "host:1", f"{tmp_path}/{name}"))


LOCKED = load_pem_private_key(KEY, None).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
)
OTHER = AUTHORITY.issue_cert("you@example.org").private_key_pem.bytes()
PAST = datetime.datetime(2020, 5, 17, tzinfo=datetime.timezone.utc)
FUTURE = datetime.datetime(2120, 5, 17, 6, 30, tzinfo=datetime.timezone.utc)
OLD = AUTHORITY.issue_cert("me@example.org", not_before=PAST, not_after=PAST)
EARLY = AUTHORITY.issue_cert("me@example.org", not_before=FUTURE, not_after=FUTURE)


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({"certificate_authority": b"hello"}, "holds no certificate"),
        ({"client_certificate": b"hello", "client_key": KEY}, "holds no certificate"),
        ({"client_certificate": CERTIFICATE}, "holds no private key, and no key file is given"),
        ({"client_certificate": CERTIFICATE, "client_key": b"x"}, "holds no private key"),
        ({"client_certificate": packed(b"secret")}, "empty password"),
        ({"client_certificate": CERTIFICATE, "client_key": LOCKED}, "protected by a password"),
        ({"client_certificate": CERTIFICATE, "client_key": OTHER}, "does not belong"),
        (
            {"client_certificate": OLD.private_key_and_cert_chain_pem.bytes()},
            "expired on 2020-05-17",
        ),
        (
            {"client_certificate": EARLY.private_key_and_cert_chain_pem.bytes()},
            "not valid before 2120-05-17 06:30 UTC",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_what_cannot_be_used_is_refused_with_a_sentence(tmp_path, contents, words):
    with pytest.raises(TlsFileError) as caught:
        read(tmp_path, **contents)
    text = " ".join(caught.value.lines())
    assert words in text
    assert str(tmp_path) not in text, "no path of this machine"
