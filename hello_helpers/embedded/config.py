"""What an embedded ArmoniK is made of: partitions, an address, a data folder.

Whoever starts one, for whatever purpose, makes a `Configuration`; a process of its own gets it as
JSON.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from .errors import StartError
from .folders import temporary_place
from .host import LOOPBACK, Host, join
from .limits import LEAST_MESSAGE, MAX_MESSAGE, MOST_MESSAGE, require_linux
from .tls import TlsFolder

HELLO_WORKER = (sys.executable, "-m", "hello_helpers.worker")
"""The worker of a partition for which nothing else is said: the companion of the lessons."""

DEFAULT_PODS = 2
MAX_PODS = 256

MAX_PRIORITY = 10
"""The largest priority that a queue takes; ArmoniK's quick deployment (AMQP) has the same."""

SOCKET_PATH_LIMIT = 100
"""Bytes that the path of a Unix socket may have: the system's limit is 104 to 108."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class PartitionSpec:
    """A partition as configured: which worker it runs, in how many pods.

    Attributes:
        tcp: worker and agent meet on loopback ports instead of Unix sockets.
        shared: where the data of a task lies while it runs, in a folder of its own (ArmoniK's
            ``data_folder``); None: in the data folder. See `folders.held_for_tasks`.
    """

    name: str
    command: tuple[str, ...] = HELLO_WORKER
    pods: int = DEFAULT_PODS
    tcp: bool = False
    shared: Path | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise StartError(
                f"{self.name!r} is not a name for a partition",
                "Use up to 63 letters, digits, dots, dashes and underscores",
            )
        if not self.command:
            raise StartError(
                f"Partition {self.name} has no worker command",
                'Say e.g. default="python worker.py"',
            )
        if not 1 <= self.pods <= MAX_PODS:
            raise StartError(f"A partition has 1 to {MAX_PODS} pods, not {self.pods}")

    @classmethod
    def parse(
        cls,
        text: str,
        pods: int = DEFAULT_PODS,
        *,
        tcp: bool = False,
        shared: Path | None = None,
    ) -> PartitionSpec:
        """Read ``NAME=COMMAND``; the command is split as a shell would.

        Raises:
            StartError: the text has another form.
        """
        name, equals, command = text.partition("=")
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise StartError(f"Cannot read the worker command {command!r}: {error}") from None
        if not equals:
            raise StartError(
                f"{text!r} does not say which worker to run",
                'Write NAME=COMMAND, e.g. --partition default="python worker.py"',
            )
        return cls(name.strip(), words, pods, tcp, shared)


@dataclass(frozen=True)
class QueueRules:
    """How the queues of all partitions choose the next task.

    Attributes:
        first_come: among those of one priority, first come first served; else learners take turns.
        leave_one_pod: the tasks of one learner hold all pods of a partition but one, at most.
        max_priority: the largest that a task may ask for; below the default, a session, too.
    """

    first_come: bool = False
    leave_one_pod: bool = False
    max_priority: int = MAX_PRIORITY

    def __post_init__(self) -> None:
        if not 1 <= self.max_priority <= MAX_PRIORITY:
            raise StartError(
                f"The largest priority can be 1 to {MAX_PRIORITY}, not {self.max_priority}"
            )
        if self.first_come and self.leave_one_pod:
            raise StartError(
                "First come first served, and a pod left for others: both cannot be",
                "Give --first-come or --leave-one-pod",
            )


@dataclass(frozen=True)
class Configuration:
    """Everything that an embedded ArmoniK needs to know.

    Attributes:
        runtime: a private folder for sockets and logs of pods; short, since it holds sockets.
        data: where tables and objects are kept.
        socket: path of the Unix socket to listen on; None to listen on a port.
        host: where to listen on a port; beyond this machine only with TLS.
        port: TCP port; 0 takes a free one.
        tls: folder of certificates for mutual TLS; None: none, calls are not encrypted.
        queues: how the next task is chosen.
        metrics_port: port on loopback for Prometheus, 0 for a free one; None: no metrics.
        switchboard: path of the failure switchboard's socket; None: there is none.
        log_format: one of `logs.FORMATS`.
        max_message: MiB that a message of a client may have.
        temporary: the runtime folder is to be removed in the end, even if we are killed.
        lifeline: it ends when its standard input does, too: so it never outlives its owner.
        shared: the runtime folder is the private folder of this user; it ends with the last lease.
    """

    partitions: tuple[PartitionSpec, ...]
    runtime: Path
    data: Path
    socket: Path | None = None
    host: Host = LOOPBACK
    port: int = 0
    tls: TlsFolder | None = None
    queues: QueueRules = QueueRules()
    metrics_port: int | None = None
    switchboard: Path | None = None
    log_format: str = "text"
    max_message: int = MAX_MESSAGE
    temporary: bool = False
    lifeline: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        require_linux()
        if not LEAST_MESSAGE <= self.max_message <= MOST_MESSAGE:
            raise StartError(
                f"A message may have {LEAST_MESSAGE} to {MOST_MESSAGE} MiB at most, and not"
                f" {self.max_message}",
                "Choose another number for --max-message",
            )
        names = [partition.name for partition in self.partitions]
        if doubles := {name for name in names if names.count(name) > 1}:
            raise StartError(f"Partition named twice: {', '.join(sorted(doubles))}")
        longest = [self.runtime / "pods" / name / "worker.sock" for name in names]
        for path in [*longest, *([self.socket] if self.socket else [])]:
            text = os.fsencode(path)
            if unquote_to_bytes(text) != text or text.decode(errors="ignore").encode() != text:
                raise StartError(
                    f"The path of the socket {path.name!r} has something like %41 in it, or bytes"
                    " that are no UTF-8: gRPC would take it for another one",
                    "Choose another folder (--socket PATH, HELLO_ARMONIK_DIR or TMPDIR)",
                )
            if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
                raise StartError(
                    f"The path of the socket {path.name} is too long for the system"
                    f" ({len(os.fsencode(path))} bytes; at most {SOCKET_PATH_LIMIT})",
                    "Choose a shorter folder (--socket PATH, HELLO_ARMONIK_DIR or TMPDIR)",
                )
        if not self.tls and not self.host.is_loopback:
            raise StartError(
                f"{self.host.name} can be reached from other machines, and without TLS everybody"
                " there could read your data and run tasks as you",
                "Add --tls DIR, which makes certificates, or listen on 127.0.0.1",
            )

    def to_json(self) -> str:
        """Return it as one line, for `from_json`."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Configuration:
        """Read what `to_json` has written."""
        values = json.loads(text)
        for name in ("runtime", "data", "socket", "switchboard"):
            values[name] = _path(values[name])
        partitions = [
            PartitionSpec(name, tuple(command), pods, tcp, _path(shared))
            for name, command, pods, tcp, shared in map(dict.values, values.pop("partitions"))
        ]
        host, tls = values.pop("host"), values.pop("tls")
        return cls(
            tuple(partitions),
            host=Host(host["name"], ipaddress.ip_address(host["address"])),
            tls=TlsFolder(Path(tls["folder"])) if tls else None,
            queues=QueueRules(**values.pop("queues")),
            **values,
        )

    @property
    def address(self) -> str:
        """What gRPC listens on."""
        return f"unix://{self.socket}" if self.socket else self.host.at(self.port)

    @property
    def kept_logs(self) -> Path | None:
        """Where the logs of workers stay; None if the data folder is removed with everything."""
        return None if self.data.is_relative_to(self.runtime) else self.data / "logs"

    def endpoint(self, port: int) -> str:
        """Return the URL for clients; ``port`` is the one that was free, if that was asked for."""
        if self.socket:
            return self.address
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{join(self.host.public_name, port)}"


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def new_runtime() -> Path:
    """Return the path of a temporary folder that nobody has; it is not made yet."""
    return temporary_place() / f"armonik-{secrets.token_hex(4)}"
