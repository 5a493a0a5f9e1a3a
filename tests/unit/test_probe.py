"""The check of an endpoint, against real listeners of all kinds: what is wrong."""

import datetime
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme

from hello_helpers import errors
from hello_helpers.connect.endpoint import Endpoint

from . import listeners
from .fake_armonik import FakeArmonik


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "grpc_proxy", "no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_certificate(authority) -> trustme.LeafCert:
    return authority.issue_cert("localhost")


@pytest.fixture(scope="module")
def files(tmp_path_factory, authority) -> dict[str, str]:
    """The TLS files of a client."""
    folder = tmp_path_factory.mktemp("tls")
    client = authority.issue_cert("me@example.org")
    stranger = trustme.CA().issue_cert("me@example.org")
    for name, pem in {
        "ca.pem": authority.cert_pem,
        "client.pem": client.cert_chain_pems[0],
        "client.key": client.private_key_pem,
        "other-ca.pem": trustme.CA().cert_pem,
        "stranger.pem": stranger.private_key_and_cert_chain_pem,
    }.items():
        pem.write_to_path(folder / name)
    return {path.name: str(path) for path in folder.iterdir()}


def failure(
    endpoint: Endpoint, kind: type[errors.EndpointError], words: str, timeout: float = 5.0
) -> errors.EndpointError:
    """Return the error of the check, which leaves nothing behind."""
    threads = threading.active_count()
    with pytest.raises(kind) as caught:
        endpoint.check(timeout)
    assert threading.active_count() <= threads + 1
    assert words in str(caught.value)
    assert caught.value.hint, "each error says what to do"
    return caught.value


def test_armonik_answers_with_its_versions(fake: FakeArmonik):
    assert Endpoint.parse(fake.url).check() == {"core": "1.2.3", "api": "4.5.6"}


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("http://no-such-host.invalid:5001", errors.NameNotFoundError, "'no-such-host.invalid'"),
        ("localhost:{closed}", errors.NobodyListensError, "Nothing listens at localhost:{closed}"),
        ("{folder}/none.sock", errors.SocketMissingError, "'none.sock'"),
        ("{folder}/file", errors.SocketMissingError, "no Unix socket"),
    ],
    ids=["no such name", "nothing listens at the port", "no such socket", "the socket is a file"],
)
def test_an_address_where_nobody_is_says_why(tmp_path, url, kind, words):
    (tmp_path / "file").touch()
    here = {"closed": listeners.closed_port(), "folder": tmp_path}
    error = failure(Endpoint.parse(url.format(**here)), kind, words.format(**here))
    assert str(tmp_path) not in " ".join(error.lines()), "no path of this machine"


@pytest.mark.parametrize(
    ("talk", "scheme", "kind", "words"),
    [
        (listeners.answer_like_a_web_server, "http", errors.NotGrpcError, "web server"),
        (listeners.hang_up, "http", errors.NoAnswerError, "hangs up without a word"),
        (listeners.say_nothing, "http", errors.NoAnswerError, "says nothing"),
        (listeners.say_nothing, "https", errors.NoAnswerError, "says nothing"),
    ],
)
def test_a_server_that_does_not_speak_grpc(talk, scheme, kind, words):
    with listeners.tcp(talk) as port:
        failure(Endpoint.parse(f"{scheme}://127.0.0.1:{port}"), kind, words, timeout=1.5)


class SlowArmonik(FakeArmonik):
    def ListVersions(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        listeners.wait_until_gone(context)


def refusing(code: str) -> FakeArmonik:
    armonik = FakeArmonik()
    armonik.errors["ListVersions"] = code
    return armonik


@pytest.mark.parametrize(
    ("armonik", "kind", "words"),
    [
        (None, errors.NotArmonikError, "not ArmoniK"),
        (SlowArmonik(), errors.NoAnswerError, "in time"),
        (refusing("UNAUTHENTICATED"), errors.AccessDeniedError, "not for you"),
        (refusing("PERMISSION_DENIED"), errors.AccessDeniedError, "not for you"),
    ],
    ids=["not ArmoniK", "too slow", "unknown caller", "denied"],
)
def test_a_grpc_server_that_does_not_give_its_versions(armonik, kind, words):
    with listeners.grpc_server(armonik) as port:
        failure(Endpoint.parse(f"127.0.0.1:{port}"), kind, words, timeout=1.0)


def test_tls_works(authority, server_certificate, files):
    with listeners.grpc_server(FakeArmonik(), server_certificate, authority) as port:
        endpoint = Endpoint.parse(
            f"https://localhost:{port}",
            certificate_authority=files["ca.pem"],
            client_certificate=files["client.pem"],
            client_key=files["client.key"],
        )
        assert endpoint.check()["core"] == "1.2.3"


@pytest.mark.parametrize(
    ("url", "given", "speaks_tls", "wants_client", "words"),
    [
        ("http://localhost", {}, True, False, "speaks TLS, and the endpoint says http"),
        ("https://localhost", {}, False, False, "does not speak TLS"),
        ("https://localhost", {}, True, False, "not signed by an authority that you trust"),
        (
            "https://localhost",
            {"certificate_authority": "other-ca.pem"},
            True,
            False,
            "not signed by your CA file",
        ),
        (
            "https://127.0.0.1",
            {"certificate_authority": "ca.pem"},
            True,
            False,
            "for another name than 127.0.0.1",
        ),
        (
            "https://localhost",
            {"certificate_authority": "ca.pem"},
            True,
            True,
            "wants a client certificate",
        ),
        (
            "https://localhost",
            {"certificate_authority": "ca.pem", "client_certificate": "stranger.pem"},
            True,
            True,
            "does not accept your client certificate",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_tls_that_fails_says_on_which_side(
    authority, server_certificate, files, url, given, speaks_tls, wants_client, words
):
    certificate = server_certificate if speaks_tls else None
    client = authority if wants_client else None
    named = {field: files[name] for field, name in given.items()}
    with listeners.grpc_server(FakeArmonik(), certificate, client) as port:
        error = failure(Endpoint.parse(f"{url}:{port}", **named), errors.TlsMismatchError, words)
    if not (speaks_tls and url.startswith("https")):
        other = "http" if url.startswith("https") else "https"
        assert f"{other}://localhost:{port}" in error.hint


def test_a_server_certificate_that_is_not_valid_yet_is_told_as_that(authority, files):
    future = datetime.datetime(2120, 5, 17, tzinfo=datetime.timezone.utc)
    early = authority.issue_cert("localhost", not_before=future, not_after=future)
    with listeners.grpc_server(FakeArmonik(), early) as port:
        endpoint = Endpoint.parse(
            f"https://localhost:{port}", certificate_authority=files["ca.pem"]
        )
        failure(endpoint, errors.TlsMismatchError, "is not valid yet")


def test_an_authority_that_the_system_trusts_and_grpc_does_not_is_the_reason(
    server_certificate, files, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", files["ca.pem"])
    with listeners.grpc_server(FakeArmonik(), server_certificate) as port:
        endpoint = Endpoint.parse(f"https://localhost:{port}")
        error = failure(endpoint, errors.TlsMismatchError, "but gRPC does not")
    assert "--ca" in error.hint


def test_a_socket_that_was_left_behind(tmp_path: Path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/left.sock")
    endpoint = Endpoint.parse(f"{tmp_path}/left.sock")
    failure(endpoint, errors.NobodyListensError, "Nothing listens")
    monkeypatch.delattr(socket, "AF_UNIX")  # as on Windows
    failure(endpoint, errors.SocketMissingError, "no Unix sockets on this system")
    (tmp_path / "left.sock").unlink()


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "grpc_proxy"])
def test_a_proxy_in_the_way_is_named_by_its_variable(monkeypatch, variable):
    monkeypatch.setenv(variable, f"http://me:secret@127.0.0.1:{listeners.closed_port()}")
    endpoint = Endpoint.parse("http://armonik.example.com:5001")
    error = failure(endpoint, errors.ProxyInTheWayError, f"variable {variable} ")
    assert "no_proxy=armonik.example.com" in error.hint
    assert not re.search("kernel|secret", " ".join(error.lines())), "no kernel in a terminal"


def test_a_proxy_with_an_exception_for_the_host_is_not_to_blame(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listeners.closed_port()}")
    monkeypatch.setenv("no_proxy", "example.org, .invalid")
    failure(Endpoint.parse("http://no-such-host.invalid:5001"), errors.NameNotFoundError, "")


def test_a_proxy_does_not_stand_before_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listeners.closed_port()}")
    with listeners.grpc_server(FakeArmonik()) as port:
        assert Endpoint.parse(f"localhost:{port}").check()


def test_many_checks_leave_no_file_open(fake: FakeArmonik):
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("counts open files in /proc")
    endpoint = Endpoint.parse(fake.url)
    endpoint.check()
    before = len(list(folder.iterdir()))
    for _ in range(10):
        endpoint.check()
    assert len(list(folder.iterdir())) <= before + 2
