"""`serve --tls`: throw-away certificates, mutual TLS, and names for callers."""

import contextlib
import datetime
import socket
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from armonik.client import ArmoniKSessions
from armonik.common import TaskOptions
from armonik.common.channel import create_channel
from armonik.protogen.client.auth_service_pb2_grpc import AuthenticationStub
from armonik.protogen.common.auth_common_pb2 import GetCurrentUserRequest

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.embedded.errors import StartError
from hello_helpers.embedded.host import LOOPBACK, Host
from hello_helpers.embedded.tls import CLIENT_NAME, MAKER, RENEWAL, TlsFolder, how_to_connect
from hello_helpers.errors import TlsMismatchError
from tests.commands import CLI, hello_armonik, started

NAMES = LOOPBACK.names()
FILES = ("ca.pem", "ca-key.pem", "server.pem", "server-key.pem", "client.pem", "client-key.pem")


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedArmonik]:
    """An embedded ArmoniK with TLS."""
    with EmbeddedArmonik(tls=tmp_path_factory.mktemp("tls") / "new") as armonik:
        yield armonik


@pytest.fixture
def made(tmp_path: Path) -> TlsFolder:
    """A folder of fresh certificates."""
    folder = TlsFolder(tmp_path / "tls")
    folder.prepare(NAMES)
    return folder


def contents(folder: TlsFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.folder.glob("*.pem")}


def changed(folder: TlsFolder, before: dict[str, bytes]) -> set[str]:
    """Return which certificates are new: "ca", "server", "client"."""
    return {
        name.removesuffix(".pem").removesuffix("-key")
        for name, content in contents(folder).items()
        if content != before.get(name)
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- serving --------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_under_each_name_of_loopback_a_client_is_known_by_its_common_name(
    secured: EmbeddedArmonik, host: str
):
    channel = create_channel(
        f"https://{host}:{secured.endpoint.rpartition(':')[2]}",
        certificate_authority=secured.certificate_authority,
        client_certificate=secured.client_certificate,
        client_key=secured.client_key,
    )
    with channel:
        user = AuthenticationStub(channel).GetCurrentUser(GetCurrentUserRequest(), timeout=10).user
    assert user.username == CLIENT_NAME
    assert "Sessions:CreateSession" in user.permissions


def test_whose_a_session_is_stays_with_it(tmp_path: Path):
    folder, data = tmp_path / "tls", tmp_path / "data"
    made_for: dict[str, str] = {}
    with EmbeddedArmonik(tls=folder, data=data) as armonik:
        authority = trustme.CA.from_pem(
            (folder / "ca.pem").read_bytes(), (folder / "ca-key.pem").read_bytes()
        )
        own = tmp_path / "ada.pem"
        issued = authority.issue_cert("ada", common_name="ada")
        issued.private_key_and_cert_chain_pem.write_to_path(own)
        for name, client, key in (
            ("ada", own, own),
            ("shared", folder / "client.pem", folder / "client-key.pem"),
        ):
            with create_channel(
                armonik.endpoint,
                certificate_authority=str(folder / "ca.pem"),
                client_certificate=str(client),
                client_key=str(key),
            ) as channel:
                options = TaskOptions(datetime.timedelta(minutes=1), priority=1, max_retries=1)
                made_for[name] = ArmoniKSessions(channel).create_session(options)
    with contextlib.closing(sqlite3.connect(data / "tables.sqlite")) as tables:
        rows = tables.execute("SELECT session_id, name FROM caller").fetchall()
    assert dict(rows) == {made_for["ada"]: "ada", made_for["shared"]: CLIENT_NAME}


def test_clients_without_tls_or_the_right_certificate_are_turned_away(
    secured: EmbeddedArmonik, made: TlsFolder
):
    authority = {"certificate_authority": secured.certificate_authority}
    for endpoint, files, words in (
        (secured.endpoint.replace("https", "http"), {}, "speaks TLS"),
        (secured.endpoint, authority, "wants a client certificate"),
        (
            secured.endpoint,
            {**made.client_files(), **authority},
            "does not accept your client certificate",
        ),
    ):
        with pytest.raises(TlsMismatchError, match=words):
            Endpoint.parse(endpoint, **files).check()


FOR_PYTHON = {  # each variable, and how the clients in C#, C++ and Rust call it
    "Grpc__Endpoint": "GrpcClient__Endpoint",
    "Grpc__CaCert": "GrpcClient__CaCert",
    "Grpc__ClientCert": "GrpcClient__CertPem",
    "Grpc__ClientKey": "GrpcClient__KeyPem",
}


@pytest.mark.parametrize("said", ["hello-armonik ", "export "], ids=["command", "variables"])
def test_the_printed_command_and_the_printed_variables_are_each_enough_to_say_hello(
    secured: EmbeddedArmonik, said: str
):
    lines = [line.strip() for line in secured.log.splitlines()]
    words = [line.removeprefix(said) for line in lines if line.startswith(said)]
    if said == "export ":
        printed = dict(word.split("=", 1) for word in words)
        variables = {name: printed.pop(name) for name in FOR_PYTHON}
        assert printed == {FOR_PYTHON[name]: value for name, value in variables.items()}
        run = hello_armonik("run", **variables)
    else:
        (command,) = words
        run = hello_armonik(*command.split())
    assert "Result : 45" in run.stdout, run.stderr


def test_paths_with_blanks_are_quoted_for_the_shell(tmp_path: Path):
    text = how_to_connect("https://127.0.0.1:1", TlsFolder(tmp_path / "a b"))
    assert f"--ca '{tmp_path}/a b/ca.pem'" in text
    assert f"export Grpc__CaCert='{tmp_path}/a b/ca.pem'" in text


# --- the folder -----------------------------------------------------------------------------------


def test_folder_and_files_are_for_their_owner_only(made: TlsFolder):
    assert mode(made.folder) == 0o700
    assert set(FILES) <= {path.name for path in made.folder.iterdir()}
    assert {mode(path) for path in made.folder.iterdir()} == {0o600}


def without(kind: str, whose: str) -> Callable[[TlsFolder], None]:
    return lambda folder: getattr(folder, kind)(whose).unlink()


@pytest.mark.parametrize(
    ("happens", "names", "renewed"),
    [
        pytest.param(lambda _: None, NAMES, set(), id="what is there is used again"),
        pytest.param(without("key", "server"), NAMES, {"server"}, id="a missing one is made"),
        pytest.param(without("key", "client"), NAMES, {"client"}, id="and nothing else"),
        pytest.param(
            without("certificate", "ca"),
            NAMES,
            {"ca", "server", "client"},
            id="a new authority issues new ones",
        ),
        pytest.param(
            lambda _: None, [*NAMES, "10.1.2.3"], {"server"}, id="a new name needs a new one"
        ),
        pytest.param(
            lambda folder: folder.prepare([*NAMES, "10.1.2.3"]),
            NAMES,
            set(),
            id="more names than needed are fine",
        ),
    ],
)
def test_what_is_missing_is_made_again_and_nothing_else(
    made: TlsFolder, happens: Callable[[TlsFolder], None], names: list[str], renewed: set[str]
):
    happens(made)
    before = contents(made)
    made.prepare(names)
    assert changed(made, before) == renewed


@pytest.mark.parametrize("left", [-datetime.timedelta(days=1), RENEWAL / 2])
def test_an_expired_certificate_is_made_again_a_little_early(
    made: TlsFolder, left: datetime.timedelta
):
    authority = trustme.CA.from_pem(
        made.certificate("ca").read_bytes(), made.key("ca").read_bytes()
    )
    old = authority.issue_cert(
        CLIENT_NAME,
        organization_name=MAKER,
        not_after=datetime.datetime.now(datetime.timezone.utc) + left,
    )
    old.cert_chain_pems[0].write_to_path(made.certificate("client"))
    old.private_key_pem.write_to_path(made.key("client"))
    before = contents(made)
    made.prepare(NAMES)
    assert changed(made, before) == {"client"}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [b"", b"\0\xff" * 100, b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_damaged_file_is_named_and_left_as_it_is(made: TlsFolder, name: str, damage: bytes):
    (made.folder / name).write_bytes(damage)
    with pytest.raises(StartError, match=name) as caught:
        made.prepare(NAMES)
    assert "Delete both files" in caught.value.hint
    assert (made.folder / name).read_bytes() == damage


def test_a_key_that_belongs_to_another_certificate_counts_as_damage(made: TlsFolder):
    made.key("server").write_bytes(made.key("client").read_bytes())
    with pytest.raises(StartError, match=r"server-key\.pem is damaged"):
        made.prepare(NAMES)


def test_certificates_of_others_are_not_overwritten(tmp_path: Path):
    foreign = trustme.CA().issue_cert("example.org").cert_chain_pems[0]
    tmp_path.chmod(0o700)
    foreign.write_to_path(tmp_path / "server.pem")
    with pytest.raises(StartError, match=r"server.pem was not made by"):
        TlsFolder(tmp_path).prepare(NAMES)
    assert (tmp_path / "server.pem").read_bytes() == foreign.bytes()


def test_an_empty_folder_is_made_private(tmp_path: Path):
    tmp_path.chmod(0o755)
    TlsFolder(tmp_path).prepare(NAMES)
    assert mode(tmp_path) == 0o700


def test_a_folder_with_other_things_that_others_can_enter_is_refused(tmp_path: Path):
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(StartError, match="can be entered by others"):
        TlsFolder(tmp_path).prepare(NAMES)
    assert mode(tmp_path) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_folder_is_an_error_in_words(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="cannot be used"):
        TlsFolder(tmp_path / "file").prepare(NAMES)


def test_keys_that_became_readable_are_closed_again(made: TlsFolder):
    made.key("client").chmod(0o644)
    made.prepare(NAMES)
    assert mode(made.key("client")) == 0o600


# --- the host -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loopback", "texts"),
    [
        (True, ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"]),
        (False, ["0.0.0.0", "::", "[::]", "10.0.0.1", "8.8.8.8", "0"]),
    ],
)
def test_loopback_is_told_from_everything_else(loopback: bool, texts: list[str]):
    assert {text: Host.find(text).is_loopback for text in texts} == dict.fromkeys(texts, loopback)


@pytest.mark.parametrize(
    "text", ["", "[", "a b", "a/b", "unix:/tmp/x", "host:80", "::1::", "-x", "a\0b", "no.invalid"]
)
def test_what_is_no_host_is_an_error_in_words(text: str):
    with pytest.raises(StartError, match="neither an IP address nor the name of a machine"):
        Host.find(text)


def test_ipv6_addresses_get_brackets():
    assert Host.find("::1").at(80) == "[::1]:80"
    assert Host.find("127.0.0.1").at(80) == "127.0.0.1:80"


def test_a_certificate_for_the_whole_machine_has_its_name_and_addresses():
    names = Host.find("0.0.0.0").names()
    assert {"localhost", "127.0.0.1", "::1", socket.gethostname().lower()} <= set(names)
    assert not {"0.0.0.0", "::"} & set(names)


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """Serve in the block; the endpoint is the one line on stdout, and it ends in order."""
    with started([*CLI, "serve", "--pods", "1", *arguments]) as process:
        yield process.stdout.readline().strip()
        process.terminate()
        assert process.communicate(timeout=20)[0] == ""
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "0"])
def test_beyond_loopback_serve_refuses_without_tls_and_says_why(host: str):
    ended = hello_armonik("serve", "--host", host, "--port", "0")
    assert ended.returncode == 1
    assert ended.stdout == ""
    why, hint = ended.stderr.splitlines()
    assert "other machines" in why
    assert "--tls DIR" in hint


def test_beyond_loopback_serve_runs_with_tls(tmp_path: Path):
    with serving("--host", "0.0.0.0", "--tls", str(tmp_path / "tls")) as endpoint:
        assert endpoint.startswith(f"https://{socket.gethostname()}:")
        port = endpoint.rpartition(":")[2]
        files = TlsFolder(tmp_path / "tls").client_files()
        for host in ("localhost", socket.gethostname()):
            assert Endpoint.parse(f"https://{host}:{port}", **files).check()["core"]


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_serve_listens_on_loopback_of_ipv6(host: str):
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        with serving("--host", host) as endpoint:
            assert endpoint.startswith("http://[::1]:")
            assert Endpoint.parse(endpoint).check()["core"]
        return
    pytest.skip("no IPv6 on loopback")


@pytest.mark.parametrize("option", [("--host", "127.0.0.1"), ("--tls", "x")])
def test_a_socket_has_neither_a_host_nor_tls(tmp_path: Path, option: tuple[str, str]):
    ended = hello_armonik("serve", "--socket", str(tmp_path / "s"), *option)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1


def test_damaged_certificates_are_reported_in_two_lines(made: TlsFolder):
    made.certificate("ca").write_bytes(b"nonsense")
    ended = hello_armonik("serve", "--tls", str(made.folder), "--pods", "1")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "ca.pem or ca-key.pem is damaged" in ended.stderr.splitlines()[-2]
