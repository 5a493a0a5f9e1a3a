"""Where a worker and its agent meet: the four ``ComputePlane__…`` variables of an ArmoniK pod."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path

UNIX, TCP = "unixdomainsocket", "tcp"
"""Socket types, in the words of the variables. Every worker library knows the first one."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of one pod.

    Attributes:
        kind: `UNIX` or `TCP`.
        worker: where the worker listens: a path, or ``host:port``.
        agent: where the agent listens.
    """

    kind: str
    worker: str
    agent: str

    @classmethod
    def unix(cls, folder: Path) -> Addresses:
        """Return two sockets in the pod's own folder, which nobody else can enter."""
        for name in ("worker.sock", "agent.sock"):
            (folder / name).unlink(missing_ok=True)
        return cls(UNIX, str(folder / "worker.sock"), str(folder / "agent.sock"))

    @classmethod
    def tcp(cls) -> Addresses:
        """Return two free ports on loopback. Other users of the machine can reach these."""
        with socket.socket() as first, socket.socket() as second:
            for probe in (first, second):
                probe.bind(("127.0.0.1", 0))
            worker, agent = (f"127.0.0.1:{probe.getsockname()[1]}" for probe in (first, second))
        return cls(TCP, worker, agent)

    def environment(self) -> dict[str, str]:
        """Return what the worker finds in its environment; a port is a URL, as on a cluster."""
        scheme = "http://" if self.kind == TCP else ""
        return {
            "ComputePlane__WorkerChannel__SocketType": self.kind,
            "ComputePlane__WorkerChannel__Address": scheme + self.worker,
            "ComputePlane__AgentChannel__SocketType": self.kind,
            "ComputePlane__AgentChannel__Address": scheme + self.agent,
        }

    @property
    def worker_target(self) -> str:
        """The worker as a gRPC target."""
        return f"unix://{self.worker}" if self.kind == UNIX else self.worker

    @property
    def agent_target(self) -> str:
        """The agent as a gRPC target."""
        return f"unix://{self.agent}" if self.kind == UNIX else self.agent

    async def worker_listens(self) -> bool:
        """Try to connect to the worker."""
        with contextlib.suppress(OSError):
            if self.kind == UNIX:
                _, writer = await asyncio.open_unix_connection(self.worker)
            else:
                host, _, port = self.worker.rpartition(":")
                _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return True
        return False

    def close(self) -> None:
        """Remove the agent's socket, should it be a file."""
        if self.kind == UNIX:
            Path(self.agent).unlink(missing_ok=True)
