"""The check of an endpoint, against real listeners of all kinds: what is wrong, and within 5 s."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import grpc
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
    authority.cert_pem.write_to_path(folder / "ca.pem")
    client.cert_chain_pems[0].write_to_path(folder / "client.pem")
    client.private_key_pem.write_to_path(folder / "client.key")
    trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
    stranger = trustme.CA().issue_cert("me@example.org")
    stranger.private_key_and_cert_chain_pem.write_to_path(folder / "stranger.pem")
    return {
        path.stem if path.suffix == ".pem" else path.name: str(path) for path in folder.iterdir()
    }


def failure(endpoint: Endpoint, timeout: float = 5.0) -> errors.EndpointError:
    """Return the error of the check; it must come in time, and leave nothing behind."""
    threads = threading.active_count()
    began = time.monotonic()
    with pytest.raises(errors.EndpointError) as caught:
        endpoint.check(timeout)
    assert time.monotonic() - began < timeout + 0.3
    assert threading.active_count() <= threads + 1
    assert caught.value.hint, "each error says what to do"
    return caught.value


def test_armonik_answers_with_its_versions(fake: FakeArmonik):
    assert Endpoint.parse(fake.url).check() == {"core": "1.2.3", "api": "4.5.6"}


def test_a_name_that_nobody_knows():
    error = failure(Endpoint.parse("http://no-such-host.invalid:5001"))
    assert isinstance(error, errors.NameNotFoundError)
    assert "'no-such-host.invalid'" in str(error)


def test_a_port_at_which_nothing_listens():
    port = listeners.closed_port()
    error = failure(Endpoint.parse(f"localhost:{port}"))
    assert isinstance(error, errors.NobodyListensError)
    assert f"Nothing listens at localhost:{port}" in str(error)


def test_a_web_server():
    with listeners.tcp(listeners.answer_like_a_web_server) as port:
        error = failure(Endpoint.parse(f"127.0.0.1:{port}"))
    assert isinstance(error, errors.NotGrpcError)
    assert "web server" in str(error)


def test_a_server_that_hangs_up():
    with listeners.tcp(listeners.hang_up) as port:
        error = failure(Endpoint.parse(f"127.0.0.1:{port}"))
    assert isinstance(error, errors.NotGrpcError)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_says_nothing(scheme):
    with listeners.tcp(listeners.say_nothing) as port:
        error = failure(Endpoint.parse(f"{scheme}://127.0.0.1:{port}"), timeout=1.5)
    assert isinstance(error, errors.NoAnswerError)
    assert "says nothing" in str(error)


def test_a_grpc_server_that_is_not_armonik():
    with listeners.grpc_server() as port:
        error = failure(Endpoint.parse(f"127.0.0.1:{port}"))
    assert isinstance(error, errors.NotArmonikError)


def test_an_armonik_that_is_too_slow():
    with listeners.grpc_server(listeners.Versions(seconds=3)) as port:
        error = failure(Endpoint.parse(f"127.0.0.1:{port}"), timeout=1.0)
    assert isinstance(error, errors.NoAnswerError)
    assert "in time" in str(error)


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED]
)
def test_an_armonik_that_does_not_let_us_in(code):
    with listeners.grpc_server(listeners.Versions(code=code)) as port:
        error = failure(Endpoint.parse(f"127.0.0.1:{port}"))
    assert isinstance(error, errors.AccessDeniedError)


def test_tls_works(authority, server_certificate, files):
    with listeners.grpc_server(listeners.Versions(), server_certificate, authority) as port:
        endpoint = Endpoint.parse(
            f"https://localhost:{port}",
            certificate_authority=files["ca"],
            client_certificate=files["client"],
            client_key=files["client.key"],
        )
        assert endpoint.check()["core"] == "1.2.3"


def test_plain_text_to_a_server_that_speaks_tls(server_certificate):
    with listeners.grpc_server(listeners.Versions(), server_certificate) as port:
        error = failure(Endpoint.parse(f"http://localhost:{port}"))
    assert isinstance(error, errors.TlsMismatchError)
    assert f"https://localhost:{port}" in error.hint


def test_tls_to_a_server_that_speaks_plain_text():
    with listeners.grpc_server(listeners.Versions()) as port:
        error = failure(Endpoint.parse(f"https://localhost:{port}"))
    assert isinstance(error, errors.TlsMismatchError)
    assert f"http://localhost:{port}" in error.hint


@pytest.mark.parametrize("ca", [None, "other-ca"])
def test_a_server_certificate_of_an_unknown_authority(server_certificate, files, ca):
    with listeners.grpc_server(listeners.Versions(), server_certificate) as port:
        endpoint = Endpoint.parse(
            f"https://localhost:{port}", certificate_authority=files[ca] if ca else None
        )
        error = failure(endpoint)
    assert isinstance(error, errors.TlsMismatchError)
    assert "not signed by" in str(error)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_certificate_for_another_name(authority, files, host):
    with listeners.grpc_server(
        listeners.Versions(), authority.issue_cert("elsewhere.example.org")
    ) as port:
        error = failure(Endpoint.parse(f"https://{host}:{port}", certificate_authority=files["ca"]))
    assert isinstance(error, errors.TlsMismatchError)
    assert f"for another name than {host}" in str(error)


def test_a_server_that_wants_a_client_certificate(authority, server_certificate, files):
    with listeners.grpc_server(listeners.Versions(), server_certificate, authority) as port:
        error = failure(
            Endpoint.parse(f"https://localhost:{port}", certificate_authority=files["ca"])
        )
    assert isinstance(error, errors.TlsMismatchError)
    assert "wants a client certificate" in str(error)


def test_a_client_certificate_of_a_stranger(authority, server_certificate, files):
    with listeners.grpc_server(listeners.Versions(), server_certificate, authority) as port:
        error = failure(
            Endpoint.parse(
                f"https://localhost:{port}",
                certificate_authority=files["ca"],
                client_certificate=files["stranger"],
            )
        )
    assert isinstance(error, errors.TlsMismatchError)
    assert "does not accept your client certificate" in str(error)


def test_a_socket_that_is_not_there(tmp_path: Path):
    error = failure(Endpoint.parse(f"{tmp_path}/none.sock"))
    assert isinstance(error, errors.SocketMissingError)
    assert "'none.sock'" in str(error)
    assert str(tmp_path) not in " ".join(error.lines()), "no path of this machine"


def test_a_socket_that_is_a_file(tmp_path: Path):
    (tmp_path / "file").touch()
    assert "no Unix socket" in str(failure(Endpoint.parse(f"{tmp_path}/file")))


def test_a_socket_that_was_left_behind(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/left.sock")
    error = failure(Endpoint.parse(f"{tmp_path}/left.sock"))
    (tmp_path / "left.sock").unlink()
    assert isinstance(error, errors.NobodyListensError)


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "grpc_proxy"])
def test_a_proxy_in_the_way_is_named_by_its_variable(monkeypatch, variable):
    monkeypatch.setenv(variable, f"http://me:secret@127.0.0.1:{listeners.closed_port()}")
    error = failure(Endpoint.parse("http://armonik.example.com:5001"))
    assert isinstance(error, errors.ProxyInTheWayError)
    assert f"variable {variable} " in str(error)
    assert "no_proxy=armonik.example.com" in error.hint
    assert "kernel" not in error.hint, "there is none in a terminal"
    assert "secret" not in " ".join(error.lines())


def test_a_proxy_with_an_exception_for_the_host_is_not_to_blame(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listeners.closed_port()}")
    monkeypatch.setenv("no_proxy", "example.org, .invalid")
    error = failure(Endpoint.parse("http://no-such-host.invalid:5001"))
    assert isinstance(error, errors.NameNotFoundError)


def test_a_proxy_does_not_stand_before_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listeners.closed_port()}")
    with listeners.grpc_server(listeners.Versions()) as port:
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
