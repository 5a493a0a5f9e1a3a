"""`serve --metrics-port`: what Prometheus reads, under the names of ArmoniK's own exporter."""

import contextlib
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from armonik.common import TaskStatus

from hello_helpers.embedded.metrics import gauges
from tests.commands import hello_armonik, python
from tests.conformance.driver import ArmoniK
from tests.conformance.waiting import eventually

from .served import SCRIPTED, Served

STATUSES = [status.name.lower() for status in TaskStatus if status.name != "UNSPECIFIED"]


@contextlib.contextmanager
def with_metrics(folder: Path) -> Iterator[tuple[ArmoniK, str]]:
    """An embedded ArmoniK with two partitions and a metrics port; a client, and the URL."""
    partitions = {"default": SCRIPTED, "big-memory": SCRIPTED}
    with Served(folder, partitions, pods=1, options=("--metrics-port", "0")) as served:
        # The log is read by a thread, which may be behind the endpoint on stdout.
        (url,) = eventually(lambda: re.findall(r"Metrics are at (\S+)", served.text), bool)
        with served.client() as client:
            yield client, url


def scrape(url: str) -> dict[str, float]:
    """Return the gauges, read as plainly as the format is."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = reply.read().decode().splitlines()
    found = dict(line.split(" ") for line in lines if not line.startswith("#"))
    kinds = [line.split(" ")[3] for line in lines if line.startswith("# TYPE")]
    assert set(kinds) == {"gauge"}
    assert len(kinds) == len(found)
    return {name: float(value) for name, value in found.items()}


def test_tasks_are_counted_by_status_in_all_and_by_partition(folder: Path):
    with with_metrics(folder) as (client, url):
        before = scrape(url)
        assert set(before) == {
            f"armonik_{partition}tasks_{status}"
            for partition in ("", "default_", "big_memory_")
            for status in [*STATUSES, "queued"]
        }
        assert set(before.values()) == {0}
        session = client.create_session(["default", "big-memory"])
        done = client.submit(session, ["send", 0, "x"])
        failed = client.submit(session, ["error", "no"])
        for task in (done, failed):
            client.wait_task(task.task_id)
        gate = client.create_results(session, "gate")[0]
        busy = client.submit(session, ["gate", gate])
        client.wait_task(busy.task_id, TaskStatus.PROCESSING)
        client.submit(session, ["send", 0, "x"])
        elsewhere = client.options(partition_id="big-memory")
        client.wait_task(client.submit(session, task_options=elsewhere).task_id)
        after = {name: value for name, value in scrape(url).items() if value}
        assert after == {
            "armonik_tasks_completed": 2,
            "armonik_tasks_error": 1,
            "armonik_tasks_processing": 1,
            "armonik_tasks_submitted": 1,
            "armonik_tasks_queued": 2,
            "armonik_default_tasks_completed": 1,
            "armonik_default_tasks_error": 1,
            "armonik_default_tasks_processing": 1,
            "armonik_default_tasks_submitted": 1,
            "armonik_default_tasks_queued": 2,
            "armonik_big_memory_tasks_completed": 1,
        }
        client.upload(session, gate)
        eventually(lambda: scrape(url), lambda seen: seen["armonik_tasks_queued"] == 0)


def test_metrics_are_for_this_machine_only(folder: Path):
    with with_metrics(folder) as (_, url):
        assert url.startswith("http://127.0.0.1:")
        port = int(url.split(":")[2].partition("/")[0])
        addresses = socket.gethostbyname_ex(socket.gethostname())[2]
        for address in {address for address in addresses if not address.startswith("127.")}:
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((address, port), timeout=5)


def test_queued_is_what_a_pod_has_to_do_or_is_doing_and_names_that_look_alike_are_added_up():
    one_of_each = [("a-b", int(status), 1) for status in TaskStatus if status]
    found = gauges([*one_of_each, ("a.b", 4, 2)])
    assert (found["armonik_a_b_tasks_queued"], found["armonik_tasks_queued"]) == (3, 3)
    assert found["armonik_a_b_tasks_completed"] == 3


def test_a_port_that_is_taken_is_an_error_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = hello_armonik("serve", "--pods", "1", "--metrics-port", str(port))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"Cannot serve metrics on port {port}" in ended.stderr


def test_without_metrics_and_tls_nothing_of_them_is_imported():
    program = (
        "import sys\n"
        "import hello_helpers.cli.serve\n"
        "import hello_helpers.embedded.control_plane.server\n"
        "import hello_helpers.embedded.compute_plane.pods\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\n"
    )
    run = python(program)
    assert run.returncode == 0, run.stderr
    assert not {"prometheus_client", "trustme", "cryptography"} & set(run.stdout.split())
