"""Reading endpoints, from people and from the environment."""

import os
from pathlib import Path
from unittest.mock import Mock

import pytest
from armonik.client import ArmoniKVersions

from hello_helpers import embedded
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.embedded.errors import StartError
from hello_helpers.errors import EndpointError, EndpointSyntaxError

from . import listeners
from .fake_armonik import FakeArmonik


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    tls = ("Grpc__CaCert", "Grpc__ClientCert", "Grpc__ClientKey")
    for name in ("AK_ENDPOINT", "Grpc__Endpoint", *tls):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost:5001", "http://localhost:5001"),
        ("127.0.0.1:5001", "http://127.0.0.1:5001"),
        ("http://localhost:5001", "http://localhost:5001"),
        ("http://localhost:5001/", "http://localhost:5001"),
        ("  HTTP://Host.Example:0080//  ", "http://Host.Example:80"),
        ("https://armonik.example.com:443", "https://armonik.example.com:443"),
        ('"http://localhost:5001"', "http://localhost:5001"),
        ("'localhost:5001'", "http://localhost:5001"),
        ("\N{LEFT DOUBLE QUOTATION MARK}h:1\N{RIGHT DOUBLE QUOTATION MARK}", "http://h:1"),
        ("[::1]:5001", "http://[::1]:5001"),
        ("https://[fe80::1]:5001", "https://[fe80::1]:5001"),
        ("my_service:5001", "http://my_service:5001"),
        ("unix:/run/a.sock", "unix:///run/a.sock"),
        ("unix:///run/a.sock", "unix:///run/a.sock"),
        ("/run/a.sock", "unix:///run/a.sock"),
        ("unix:here.sock", "unix:here.sock"),
    ],
)
def test_what_people_paste_is_read(text, url):
    endpoint = Endpoint.parse(text)
    assert endpoint.url == url
    assert Endpoint.parse(endpoint.url) == endpoint


@pytest.mark.parametrize("name", [b"a%41.sock", b"a b%c?#.sock", b"\xff.sock", "ö.sock".encode()])
@pytest.mark.parametrize("before", ["", "unix:", "unix://"])
def test_a_path_is_taken_as_it_is_and_grpc_goes_to_that_very_socket(tmp_path, name, before):
    path = f"{tmp_path}/{os.fsdecode(name)}"
    endpoint = Endpoint.parse(before + path)
    assert endpoint.target == path
    with (
        listeners.grpc_server(FakeArmonik(), url=endpoint.url),
        endpoint.open_channel() as channel,
    ):
        assert [os.fsencode(file.name) for file in tmp_path.iterdir()] == [name]
        assert ArmoniKVersions(channel).list_versions()["core"] == "1.2.3"


def test_a_path_that_no_file_can_have_is_refused_with_a_sentence():
    with pytest.raises(EndpointSyntaxError, match="cannot be written"):
        Endpoint.parse("/run/\ud800.sock")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no endpoint"),
        ("   ", "There is no endpoint"),
        ("localhost", "port is missing"),
        ("localhost:", "port is missing"),
        ("http://localhost", "port is missing"),
        ("[::1]", "port is missing"),
        ("http://localhos", "port is missing"),
        ("host:abc", "The port must be a number, you typed 'abc'"),
        ("host:99999", "Port must be 1 to 65535, you typed 99999"),
        ("host:0", "Port must be 1 to 65535, you typed 0"),
        ("host:-1", "The port must be a number"),
        (":5001", "not a host name"),
        ("::1:5001", "brackets"),
        ("::1", "brackets"),
        ("[::1:5001", "not a host name"),
        ("[zz]:5001", "not a host name"),
        ("999.1.1.1:5001", "not a host name"),
        ("ho st:5001", "no blanks"),
        ("h\u00f6st:5001", "not a host name"),
        ("http://host:5001/path", "'/path' follows"),
        ("http://host:5001?a=b", "'?a=b' follows"),
        ("ftp://host:5001", "ftp://"),
        ("http//host:5001", "follows"),
        ("unix:", "path of the Unix socket is missing"),
        ("unix://run/a.sock", "one or three"),
        ("unix:///", "path of the Unix socket is missing"),
        ("/" + "a" * 200, "too long: 201 bytes"),
        ("host\x00:5001", "no blanks"),
    ],
)
def test_what_is_no_endpoint_is_refused_with_a_sentence(text, words):
    with pytest.raises(EndpointSyntaxError) as caught:
        Endpoint.parse(text)
    assert words in str(caught.value)


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(EndpointSyntaxError) as caught:
        Endpoint.parse("http://me:secret@host:5001")
    assert "secret" not in " ".join(caught.value.lines())


def test_without_scheme_it_is_tls_if_there_are_certificates():
    assert Endpoint.parse("host:5001", certificate_authority="ca.pem").scheme == "https"


@pytest.mark.parametrize(
    ("url", "files", "words"),
    [
        ("http://host:5001", {"certificate_authority": "ca.pem"}, "https"),
        ("https://host:5001", {"client_key": "key.pem"}, "no client certificate"),
    ],
    ids=["certificates for a plain endpoint", "a key without its certificate"],
)
def test_tls_files_that_do_not_go_together_are_refused(url, files, words):
    with pytest.raises(EndpointSyntaxError, match=words):
        Endpoint.parse(url, **files)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("localhost:1", True),
        ("127.1.2.3:1", True),
        ("[::1]:1", True),
        ("unix:/a", True),
        ("a.localhost:1", True),
        ("10.0.0.1:1", False),
        ("localhost.example.com:1", False),
    ],
)
def test_loopback_and_sockets_are_local_and_use_no_proxy(text, local):
    endpoint = Endpoint.parse(text)
    assert endpoint.is_local == local
    assert (("grpc.enable_http_proxy", 0) in endpoint.channel_options()) == local


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (Endpoint.parse("unix:/home/me/secret.sock"), "ArmoniK at a socket of this machine"),
        (Endpoint.parse("localhost:5001"), "ArmoniK at localhost"),
        (Endpoint.parse("https://armonik.example.com:5001"), "ArmoniK at armonik.example.com"),
        (Endpoint("unix", "/a", embedded=True, shared=True), "embedded ArmoniK on this machine"),
    ],
)
def test_the_stamp_names_the_backend_and_no_path_or_port(endpoint, text):
    assert endpoint.describe() == text
    assert repr(endpoint) == f"<Endpoint: {text}>"


def test_the_environment_is_read(monkeypatch):
    assert Endpoint.from_environment() is None
    monkeypatch.setenv("Grpc__Endpoint", "http://library:5001")
    assert Endpoint.from_environment() == Endpoint("http", "library:5001")
    monkeypatch.setenv("AK_ENDPOINT", "http://cli:5001")
    assert Endpoint.from_environment() == Endpoint("http", "cli:5001")


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("AK_ENDPOINT", "")
    assert Endpoint.from_environment() is None


def test_certificates_of_the_environment_are_used_for_tls_only(monkeypatch):
    monkeypatch.setenv("Grpc__CaCert", "ca.pem")
    monkeypatch.setenv("AK_ENDPOINT", "https://host:5001")
    assert Endpoint.find().certificate_authority == "ca.pem"
    assert Endpoint.find("host:5001") == Endpoint("https", "host:5001", "ca.pem")
    assert Endpoint.find("http://host:5001").certificate_authority is None
    assert Endpoint.find("unix:/a").certificate_authority is None


def test_an_argument_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("AK_ENDPOINT", "http://environment:5001")
    monkeypatch.setenv("Grpc__CaCert", "environment.pem")
    found = Endpoint.find("https://argument:5001", certificate_authority="argument.pem")
    assert (found.host, found.certificate_authority) == ("argument", "argument.pem")


def test_with_nothing_named_the_embedded_one_is_found(monkeypatch):
    monkeypatch.setattr(embedded, "shared_endpoint", lambda: "unix:///run/it.sock")
    assert Endpoint.find() == Endpoint("unix", "/run/it.sock", embedded=True)


def test_an_embedded_one_that_does_not_start_is_an_endpoint_error(monkeypatch):
    fail = Mock(side_effect=StartError("It did not start.", "Make room."))
    monkeypatch.setattr(embedded, "shared_endpoint", fail)
    with pytest.raises(EndpointError) as caught:
        Endpoint.find()
    assert caught.value.lines() == ["It did not start.", "Make room."]


@pytest.mark.parametrize("name", [b"a%41", b"\xff"])
@pytest.mark.parametrize("where", ["runtime", "socket"])
def test_a_path_at_which_grpc_cannot_listen_is_refused_with_a_sentence(name, where):
    folders = {"runtime": Path("/run"), "data": Path("/run"), "socket": Path("/run/it.sock")}
    folders[where] = Path(os.fsdecode(b"/run/" + name))
    with pytest.raises(StartError, match="gRPC would take it for another one"):
        embedded.Configuration((embedded.PartitionSpec("default"),), **folders)
