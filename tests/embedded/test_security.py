"""Nobody brings the embedded ArmoniK down, or stalls it for others, or gets out of its folder."""

import contextlib
import re
import socket
import stat
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import psutil
import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common.events_common_pb2 import EventSubscriptionResponse
from grpc import StatusCode

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import explain
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.embedded.compute_plane.staging import Staging
from hello_helpers.embedded.config import PartitionSpec
from hello_helpers.embedded.data_plane import partitions, sessions
from hello_helpers.embedded.data_plane.options import TaskOptions
from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.errors import NotFound, StartError
from hello_helpers.embedded.limits import FEWEST_CONNECTIONS, connections_to_spare
from hello_helpers.errors import NoAnswerError
from tests.commands import CLI, started
from tests.conformance.driver import ArmoniK
from tests.conformance.waiting import PATIENCE, eventually, fails_with

from .served import SCRIPTED, Served, peak_memory
from .wire import METHODS, Method, method

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"  # RFC 9113, 3.4
MIB = 1024 * 1024
HUGE = "x" * 10_000_000
BOUNDED_UNPACKING = (1, 82)  # from this grpcio on: before, memory takes all that comes out
BEGUN_INSIDE = 3  # calls of others that have to be answered meanwhile

# Of each client its own connection, and no more data on its way than it must be.
APART = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 1 << 16),
)
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +\S|    ")


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedArmonik]:
    """An embedded ArmoniK on a TCP port; in the end it lives, and its log is in good order."""
    with EmbeddedArmonik({"default": SCRIPTED}, pods=1, port=0) as armonik:
        yield armonik
        assert armonik.process.poll() is None, armonik.log
        assert "Traceback" not in armonik.log, armonik.log
        assert all(LOG_LINE.match(line) for line in armonik.log.splitlines())


@pytest.fixture(scope="module")
def client(embedded: EmbeddedArmonik) -> Iterator[ArmoniK]:
    with contextlib.closing(ArmoniK(embedded.endpoint, "default")) as armonik:
        yield armonik


@pytest.fixture
def session(client: ArmoniK) -> Iterator[str]:
    session_id = client.create_session()
    yield session_id
    client.forget(session_id)


@contextlib.contextmanager
def others_are_served(embedded: EmbeddedArmonik) -> Iterator[None]:
    """Another client goes on calling inside the block; some calls begin and are answered in it."""
    done = threading.Event()
    answered = threading.Semaphore(0)

    def go_on() -> None:
        with contextlib.closing(ArmoniK(embedded.endpoint, "default")) as other:
            while not done.is_set():
                other.create_session()
                answered.release()
                done.wait(0.01)

    with ThreadPoolExecutor(1) as pool:
        calls = pool.submit(go_on)
        try:
            yield
            while answered.acquire(blocking=False):
                pass
            for _ in range(BEGUN_INSIDE):
                assert answered.acquire(timeout=PATIENCE)
        finally:
            done.set()
            calls.result()


def memory(embedded: EmbeddedArmonik) -> float:
    """Return how much memory the server has, in MB."""
    return psutil.Process(embedded.process.pid).memory_info().rss / 1e6


# --- who can reach it -----------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def is_closed_to_others(path: Path) -> bool:
    """Tell whether others are kept out, by the file itself or by a folder above it."""
    return any(not mode(place) & 0o007 for place in [path, *path.parents])


def test_sockets_lie_where_nobody_else_can_reach_them():
    with EmbeddedArmonik({"default": SCRIPTED}, pods=1) as armonik:
        path = Path(armonik.endpoint.removeprefix("unix://"))
        assert mode(path.parent) == 0o700
        found = [file for file in path.parent.rglob("*") if file.is_socket()]
        assert path in found
        assert len(found) > 1, "that of the worker is there, too"
        assert all(is_closed_to_others(socket_file) for socket_file in found)


def test_a_socket_in_an_open_folder_is_closed_to_others_itself(folder: Path):
    folder.chmod(0o755)
    with Served(folder, pods=1) as served:
        assert mode(served.socket) & 0o077 == 0
        assert mode(served.data) == 0o700


@pytest.mark.parametrize("holds", ["nothing", "data"])
def test_a_data_folder_that_others_can_enter_is_closed_to_them_and_the_log_says_so(
    folder: Path, holds: str
):
    data = folder / "data"
    if holds == "data":
        with Served(folder, pods=1) as served:
            served.stop()
    data.mkdir(exist_ok=True)
    data.chmod(0o755)
    with Served(folder, pods=1) as served:
        assert mode(data) == 0o700
        assert f"The data folder {data} could be entered by others (mode 755)" in served.text


def test_a_folder_of_other_files_that_others_can_enter_is_no_data_folder(folder: Path):
    data = folder / "data"
    data.mkdir()
    (data / "letter").write_text("to somebody")
    data.chmod(0o755)
    served = Served(folder, pods=1)
    served.spawn()
    assert served.wait() == 1
    assert "The data folder can be entered by others, and holds other files" in served.text
    assert "Choose a folder of its own with --data DIR" in served.text
    assert (mode(data), [file.name for file in data.iterdir()]) == (0o755, ["letter"])


def test_on_a_port_without_tls_the_log_says_who_can_call(embedded: EmbeddedArmonik, folder: Path):
    assert "Whoever has an account on this machine can call it" in embedded.log
    with Served(folder, pods=1) as served:
        assert "Whoever" not in served.text


# --- what is named --------------------------------------------------------------------------------

ODD_IDS = ("../../etc/passwd", "/etc/passwd", "..", "\0", "a\0b", "a\nb", "%2e%2e%2f", "C:\\x", "")


def spoiled(message: type, text: str) -> bytes:
    """Return a request in which every text, however deep, is this one."""
    request = message()

    def fill(part: object, depth: int = 0) -> None:
        for field in part.DESCRIPTOR.fields:
            repeated = getattr(part, field.name)
            if field.message_type and depth < 4 and not field.message_type.GetOptions().map_entry:
                many = hasattr(repeated, "add")
                fill(repeated.add() if many else repeated, depth + 1)
            elif field.type == field.TYPE_STRING:
                if hasattr(repeated, "append"):
                    repeated.append(text)
                else:
                    setattr(part, field.name, text)
            elif field.type == field.TYPE_BYTES:
                setattr(part, field.name, text.encode())

    fill(request)
    return request.SerializeToString()


@pytest.mark.parametrize("target", METHODS, ids=str)
def test_ids_that_are_paths_or_hold_odd_characters_lead_nowhere(client: ArmoniK, target: Method):
    for text in ODD_IDS:
        sent = [spoiled(target.request, text)]
        code, details = target.status(client.channel, sent, 0.2 if target.endless else 10.0)
        assert code not in (StatusCode.UNKNOWN, StatusCode.INTERNAL), details
        assert "root:" not in details


def test_names_of_results_never_become_names_of_files(folder: Path):
    names = ("../../escaped", str(folder / "absolute"), "a/b", "..", "a\0b")
    with Served(folder, pods=1) as served, served.client() as client:
        session = client.create_session()
        for name in names:
            made = client.create_data(session, b"x" * 100_000, name)
            client.upload(session, client.create_results(session, name)[0], b"y" * 100_000)
            assert client.result(made).name == name
            assert len(client.data(session, made)) == 100_000
        task = client.submit(session, *(["create", name, "z"] for name in names), ["send", 0, "x"])
        client.wait_task(task.task_id, TaskStatus.COMPLETED)
        served.stop()
    assert {path.name for path in folder.iterdir()} == {"data"}
    stored = [path.name for path in (served.data / "objects").iterdir()]
    assert len(stored) == 2 * len(names)
    assert all(re.fullmatch("f[0-9a-f]{31}", name) for name in stored)


@pytest.mark.parametrize("odd", ["../victim", "{folder}/victim", "..", "", "a\0b"])
def test_a_worker_that_announces_a_path_instead_of_a_result_fails(folder: Path, odd: str):
    victim = folder / "victim"
    victim.write_text("mine")
    with contextlib.closing(DataPlane(folder / "data")) as plane:
        partitions.define(plane, ["default"], [1])
        row = sessions.get(plane, sessions.create(plane, TaskOptions(1, 1, 1), []))
        task = {"session_id": row["session_id"], "task_id": "t"}
        staging = Staging(plane, row, task, "token", folder / "task")
        staging.announce([odd.format(folder=folder)])
        with pytest.raises(NotFound), plane.transaction():
            staging.seal()
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    ("accepted", "names"),
    [
        (True, ["default", "gpu-4.large_2", "x" * 63]),
        (False, ["", "a b", "a/b", "..", "../x", ".hidden", "-x", "a\nb", "a\0b", "\u00fc"]),
        (False, ["x" * 64, "a:b"]),
    ],
)
def test_partitions_have_names_as_on_clusters_and_no_others(accepted: bool, names: list[str]):
    for name in names:
        if accepted:
            assert PartitionSpec.parse(f"{name}=true").name == name
        else:
            with pytest.raises(StartError, match="is not a name for a partition"):
                PartitionSpec.parse(f"{name}=true")


# --- what is sent ---------------------------------------------------------------------------------

MALFORMED = (b"\xff" * 10, b"\x0a\xff\xff\xff\xff\x0f", b"\0", b"\x0f", b"\x0a\x05\xff")


@pytest.mark.parametrize(
    "target",  # all that ArmoniK itself implements
    [target for target in METHODS if not target.path.endswith("/WatchResults")],
    ids=str,
)
def test_bytes_that_are_no_message_are_an_invalid_argument(client: ArmoniK, target: Method):
    for data in MALFORMED:
        code, details = target.status(client.channel, [data])
        assert (code, "cannot be parsed" in details) == (StatusCode.INVALID_ARGUMENT, True), details


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Sessions.GetSession", "session_id"),
        ("Tasks.GetTask", "task_id"),
        ("Results.GetResult", "result_id"),
        ("Results.DownloadResultData", "result_id"),
        ("Partitions.GetPartition", "id"),
        ("Submitter.CancelSession", "id"),
    ],
)
def test_of_an_id_of_ten_megabytes_the_refusal_tells_the_beginning(
    embedded: EmbeddedArmonik, client: ArmoniK, name: str, field: str
):
    target = method(name)
    request = target.request(**{field: HUGE}).SerializeToString()
    with others_are_served(embedded):
        code, details = target.status(client.channel, [request])
    assert code is StatusCode.NOT_FOUND
    assert "xxxx" in details
    assert len(details) < 2_100


def test_refused_requests_of_many_megabytes_do_not_stay_in_memory(
    embedded: EmbeddedArmonik, client: ArmoniK
):
    target = method("Sessions.GetSession")
    request = target.request(session_id=HUGE).SerializeToString()
    for _ in range(5):
        target.status(client.channel, [request])
    before = memory(embedded)
    for _ in range(30):
        assert target.status(client.channel, [request])[0] is StatusCode.NOT_FOUND
    assert memory(embedded) - before < 100


def test_long_texts_that_are_meant_to_be_kept_are_kept(client: ArmoniK):
    session = client.create_session(application_name=HUGE, options={"key": HUGE[:1000]})
    assert client.session(session).options.application_name == HUGE
    client.forget(session)


def zeros(number: int) -> bytes:
    """Return a message of so many MiB; packed, it is a thousandth of that."""
    request = method("Results.CreateResults").request(session_id="none")
    request.results.add(data=bytes(number * MIB))
    return request.SerializeToString()


@pytest.mark.parametrize("mib", [256, pytest.param(1024, marks=pytest.mark.slow)])
def test_a_message_that_swells_when_it_is_unpacked_is_refused_before_it_fills_the_memory(mib: int):
    with (
        EmbeddedArmonik({"default": SCRIPTED}, pods=1, port=0) as armonik,
        plain_channel(armonik.endpoint) as channel,
    ):
        call = channel.unary_unary(method("Results.CreateResults").path)
        with fails_with(StatusCode.RESOURCE_EXHAUSTED, saying="larger than max"):
            call(zeros(mib), compression=grpc.Compression.Gzip, timeout=60)
        if tuple(map(int, grpc.__version__.split(".")[:2])) >= BOUNDED_UNPACKING:
            assert peak_memory(armonik.process.pid) < 400 * MIB


def test_what_is_too_much_for_one_message_goes_in_a_stream_or_with_max_message(folder: Path):
    many = bytes(65 * MIB)
    with Served(folder, pods=1) as served, served.client() as client:
        session = client.create_session()
        with pytest.raises(grpc.RpcError) as refused:
            client.create_data(session, many)
        assert refused.value.code() is StatusCode.RESOURCE_EXHAUSTED
        assert "upload_result_data" in explain(refused.value, client.channel).hint
        (result,) = client.create_results(session, "streamed")
        client.upload(session, result, *(many[:MIB] for _ in range(65)))
        assert client.result(result).size == len(many)
    with (
        Served(folder, pods=1, options=["--max-message", "66"]) as served,
        served.client() as client,
    ):
        assert client.result(client.create_data(session, many)).size == len(many)


@pytest.mark.parametrize("number", [1_500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_of_many_calls_at_once_none_is_dropped(
    embedded: EmbeddedArmonik, client: ArmoniK, number: int
):
    server = psutil.Process(embedded.process.pid)
    versions = method("Versions.ListVersions")
    call = client.channel.unary_unary(versions.path)
    server.suspend()
    try:
        calls = [call.future(b"", timeout=100) for _ in range(number)]
    finally:
        server.resume()
    assert {future.code() for future in calls} == {StatusCode.OK}


def test_headers_beyond_measure_are_refused(embedded: EmbeddedArmonik):
    with others_are_served(embedded), plain_channel(embedded.endpoint) as channel:
        call = channel.unary_unary(method("Versions.ListVersions").path)
        with fails_with(StatusCode.RESOURCE_EXHAUSTED):
            call(b"", metadata=[("x-much", "y" * 1_000_000)], timeout=10)


# --- how one connects -----------------------------------------------------------------------------


def plain_channel(endpoint: str) -> grpc.Channel:
    """Return a channel with a connection of its own, which takes little ahead of its reader."""
    return grpc.insecure_channel(endpoint.removeprefix("http://"), options=APART)


@contextlib.contextmanager
def connections(port: int, number: int, say: bytes) -> Iterator[list[socket.socket]]:
    """Open connections on which nothing more comes than some first bytes."""
    with contextlib.ExitStack() as opened:
        found = []
        for _ in range(number):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            found.append(opened.enter_context(connection))
            connection.sendall(say)
        yield found


def port_of(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


FIRST_WORDS = {
    "nothing": b"",
    "half a preface": PREFACE[:5],
    "HTTP/2 and no call": PREFACE,
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02",
    "zeros": b"\0" * 64,
}


@pytest.mark.parametrize("say", FIRST_WORDS.values(), ids=FIRST_WORDS)
def test_two_thousand_idle_connections_stall_nobody(embedded: EmbeddedArmonik, say: bytes):
    before = memory(embedded)
    with connections(port_of(embedded.endpoint), 2_000, say), others_are_served(embedded):
        assert memory(embedded) - before < 100
    server = psutil.Process(embedded.process.pid)
    eventually(server.num_fds, lambda number: number < 200)


def test_who_speaks_http_1_is_told_so_and_hung_up_on(embedded: EmbeddedArmonik):
    words = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with connections(port_of(embedded.endpoint), 1, words) as (connection,):
        answer = b""
        with contextlib.suppress(ConnectionError):
            while data := connection.recv(1000):
                answer += data
    assert not answer.startswith(b"HTTP/1.1 200")


def test_without_files_for_more_connections_new_ones_are_turned_away_and_old_ones_served():
    limited = ["sh", "-c", 'ulimit -n 250 && exec "$0" "$@"', *CLI]

    def says_versions() -> StatusCode:
        with plain_channel(endpoint) as channel:
            return method("Versions.ListVersions").status(channel, [b""], 5)[0]

    with started([*limited, "serve", "--port", "0", "--pods", "1"]) as process:
        endpoint = process.stdout.readline().strip()
        with contextlib.closing(ArmoniK(endpoint, "default")) as old:
            session = old.create_session()
            with connections(port_of(endpoint), 400, PREFACE):
                assert old.create_data(session, b"x" * 100_000), "a file can be opened"
                assert says_versions() is StatusCode.UNAVAILABLE
                with pytest.raises(NoAnswerError, match="hangs up without a word") as told:
                    Endpoint.parse(endpoint).check(5)
                assert "as many connections as it takes" in told.value.hint
            eventually(says_versions, lambda code: code is StatusCode.OK)


def test_pods_come_before_connections():
    assert connections_to_spare(10_240, 2) > 10_000
    assert connections_to_spare(1_024, 100) < 400
    assert connections_to_spare(256, 100) == FEWEST_CONNECTIONS


# --- streams --------------------------------------------------------------------------------------


def event_streams(
    opened: contextlib.ExitStack, embedded: EmbeddedArmonik, session_id: str, number: int
) -> Sequence[grpc.Call]:
    """Open event streams, each on a connection of its own; of each the first event is read.

    The session must have a result, which is that event.
    """
    events = method("Events.GetEvents")
    request = events.request(session_id=session_id).SerializeToString()
    calls = []
    for _ in range(number):
        channel = opened.enter_context(plain_channel(embedded.endpoint))
        calls.append(events.call(channel, [request], timeout=60))
        opened.callback(calls[-1].cancel)
    for call in calls:
        next(call)
    return calls


def events_until_completed(call: grpc.Call, result_id: str) -> list[EventSubscriptionResponse]:
    """Read a stream until it says that a result is COMPLETED; return all events."""
    seen = []
    for data in call:
        event = EventSubscriptionResponse.FromString(data)
        seen.append(event)
        for news in (event.new_result, event.result_status_update):
            if (news.result_id, news.status) == (result_id, ResultStatus.COMPLETED):
                return seen
    raise AssertionError("the stream has ended")


def test_two_hundred_clients_each_see_what_happens(
    embedded: EmbeddedArmonik, client: ArmoniK, session: str
):
    with contextlib.ExitStack() as opened:
        client.create_results(session, "first")
        calls = event_streams(opened, embedded, session, 200)
        opened.enter_context(others_are_served(embedded))
        task = client.submit(session, ["send", 0, "x"])
        for call in calls:
            assert events_until_completed(call, task.outputs[0])


def test_slow_readers_cost_no_memory_without_limit_and_still_learn_the_end(
    embedded: EmbeddedArmonik, client: ArmoniK, session: str
):
    with contextlib.ExitStack() as opened:
        client.create_results(session, "first")
        calls = event_streams(opened, embedded, session, 20)
        opened.enter_context(others_are_served(embedded))
        before = memory(embedded)
        for _ in range(30):  # more than a subscription holds
            client.create_results(session, *["result"] * 1000)
        last = client.create_data(session, b"data", "last")
        assert memory(embedded) - before < 60
        seen = events_until_completed(calls[0], last)
    status = [e.result_status_update.status for e in seen if e.HasField("result_status_update")]
    assert ResultStatus.CREATED in status, "nothing was dropped, so nothing was shown"


def test_a_client_that_hangs_up_amid_a_stream_is_no_error(
    embedded: EmbeddedArmonik, client: ArmoniK, session: str
):
    client.create_results(session, *["result"] * 5000)
    with contextlib.ExitStack() as opened:
        event_streams(opened, embedded, session, 5)
    with others_are_served(embedded):
        pass
    assert "ExecuteBatchError" not in embedded.log
