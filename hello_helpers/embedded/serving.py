"""Running an embedded ArmoniK in this process, from start to end.

Starting is a race that learners watch, so its order matters: worker processes first (they need
most of a second to import what they need), then, while they start, our own imports.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .compute_plane.guard import Guard
from .compute_plane.worker_log import end_of
from .compute_plane.worker_process import LOG_FILE, WorkerProcess, start_workers
from .config import Configuration
from .errors import StartError, StorageError
from .folders import close_to_others, held_for_tasks
from .limits import connections_to_spare, raise_file_limit, require_threads
from .locks import hold
from .tls import how_to_connect

log = logging.getLogger(__name__)

DATA_LIMIT = 5.0
"""Seconds to wait for another embedded ArmoniK to let go of the data folder."""

WHO_CAN_CALL = (
    "Whoever has an account on this machine can call it, and run tasks as you;"
    " --tls DIR asks for a certificate, and a socket (without --port) is for you alone"
)

Watch = Callable[[], Awaitable[None]]
"""A coroutine that returns when the embedded ArmoniK is not needed any more."""


def serve(
    configuration: Configuration,
    announce: Callable[[str], None],
    until: Watch | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM, SIGHUP, or until ``until`` returns.

    Args:
        announce: called once with the endpoint, when calls are accepted.

    Raises:
        StartError: the address is taken, a worker command does not exist, the folder is in use.
        StorageError: the data folder cannot be used.
    """
    runtime = configuration.runtime
    require_threads(sum(partition.pods for partition in configuration.partitions))
    with (
        # The guard comes first: whatever is made after it is cleaned up, come what may.
        contextlib.closing(Guard(runtime if configuration.temporary else None)) as guard,
        _runtime_folder(runtime, new=configuration.temporary),
        _exclusive(configuration),
        contextlib.ExitStack() as stack,
        _kept_logs(runtime / "pods", configuration.kept_logs),
    ):
        for folder in {partition.shared for partition in configuration.partitions}:
            if folder is not None:
                stack.enter_context(held_for_tasks(folder))
        workers = start_workers(configuration.partitions, runtime / "pods", guard)
        asyncio.run(_serve(configuration, announce, until, guard, workers))


async def _serve(
    configuration: Configuration,
    announce: Callable[[str], None],
    until: Watch | None,
    guard: Guard,
    workers: dict[str, WorkerProcess],
) -> None:
    """Open the planes in order, wait, close them in reverse order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as after nohup
        loop.add_signal_handler(signal.SIGHUP, stop.set)
    # Imported here: the workers are starting meanwhile.
    from .compute_plane.pods import ComputePlane
    from .control_plane.server import ControlPlane
    from .data_plane import partitions, recovery
    from .data_plane.plane import DataPlane
    from .orders import switchboard_orders
    from .switchboard import serve_switchboard

    with contextlib.closing(DataPlane(configuration.data, configuration.queues)) as plane:
        partitions.define(
            plane,
            [partition.name for partition in configuration.partitions],
            [partition.pods for partition in configuration.partitions],
        )
        shutil.rmtree(plane.shared, ignore_errors=True)
        recovery.recover(plane)
        compute_plane = ComputePlane(
            plane, configuration.partitions, configuration.runtime / "pods", guard, workers
        )
        tls = configuration.tls
        if tls:
            tls.prepare(configuration.host.names())
        clients = tls.clients if tls and tls.clients.exists() else None
        control_plane = ControlPlane(
            plane,
            tls.credentials() if tls else None,
            clients,
            connections_to_spare(raise_file_limit(), len(compute_plane.pods)),
            configuration.max_message,
        )
        _remove_stale(configuration.socket)
        port = await control_plane.start(configuration.address)
        compute_plane.start()
        async with contextlib.AsyncExitStack() as stack:
            if configuration.socket:
                stack.callback(configuration.socket.unlink, missing_ok=True)
            stack.callback(shutil.rmtree, plane.shared, ignore_errors=True)
            stack.push_async_callback(
                lambda: asyncio.gather(control_plane.stop(), compute_plane.stop())
            )
            if configuration.switchboard:
                orders = switchboard_orders(control_plane, compute_plane)
                switchboard = await serve_switchboard(configuration.switchboard, orders)
                stack.callback(switchboard.close)
            if configuration.metrics_port is not None:
                from .metrics import MetricsExporter

                metrics = MetricsExporter(plane, configuration.metrics_port)
                stack.push_async_callback(metrics.stop)
                log.info("Metrics are at %s", metrics.url, extra={"metrics": metrics.url})
            stack.callback(log.info, "Ending")  # it comes first: the last one in
            endpoint = configuration.endpoint(port)
            log.info("Serving %s", endpoint, extra={"endpoint": endpoint})
            logs = configuration.runtime / "pods" / "*" / "worker.log"
            log.info("What workers write is in %s", logs)
            if clients:
                log.info("Callers are let in whose certificate is listed in %s", clients.path)
            elif tls:
                log.info(how_to_connect(endpoint, tls), extra=tls.client_files())
            elif configuration.socket is None:
                log.info(WHO_CAN_CALL)
            announce(endpoint)
            await _first(stop.wait(), until() if until else stop.wait())


async def _first(*waits: Awaitable[object]) -> None:
    """Wait for the first of several; an exception in it is raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


@contextmanager
def _runtime_folder(folder: Path, *, new: bool) -> Iterator[None]:
    """Make the folder for sockets and logs; what is in it is removed at the end."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=not new)
        (folder / "pods").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"Cannot make the folder for sockets and logs: {error.strerror}: {folder}",
            "Make room there, or name another folder for temporary files in TMPDIR",
        ) from error
    try:
        yield
    finally:
        shutil.rmtree(folder / "pods", ignore_errors=True)


@contextmanager
def _kept_logs(pods: Path, folder: Path | None) -> Iterator[None]:
    """After an orderly end, keep what the workers have written to their logs."""
    yield
    files = [file for file in pods.glob(f"*/{LOG_FILE}") if file.stat().st_size]
    if folder is None or not files:
        return
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for file in files:
            (folder / f"{file.parent.name}.log").write_bytes(end_of(file))
    except OSError as error:
        log.warning("The logs of the workers are lost: %s", error.strerror)
    else:
        log.info("The logs of the workers are in %s", folder)


@contextmanager
def _exclusive(configuration: Configuration) -> Iterator[None]:
    """Hold the data folder: two embedded ArmoniKs on one folder would destroy it."""
    data = configuration.data
    if configuration.temporary and data.is_relative_to(configuration.runtime):
        yield  # it was made for this one, under a name that nobody else has
        return
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_to_others(data)
        lock = hold(data / "lock")
        if lock is None:  # it may be ending at this moment
            log.warning(
                "Another embedded ArmoniK is using the data folder %s: waiting %g s for it to end",
                data,
                DATA_LIMIT,
                extra={"data": str(data)},
            )
            lock = hold(data / "lock", DATA_LIMIT)
    except OSError as error:
        raise StorageError.from_exception(error) from error
    if lock is None:
        raise StartError(
            f"Another embedded ArmoniK is still using the data folder {data}",
            "End it, or choose another folder with --data DIR",
        )
    with lock:
        yield


def _remove_stale(path: Path | None) -> None:
    """Remove a socket that nobody listens on any more.

    Raises:
        StartError: somebody does listen, or the file is no socket.
    """
    if path is None or not path.exists():
        return
    if not path.is_socket():
        raise StartError(f"{path} exists and is not a socket", "Choose another path for --socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise StartError(
        f"Somebody is already listening on {path}", "End it, or choose another path for --socket"
    )
