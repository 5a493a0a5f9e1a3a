"""A worker without the decorator: it reads the four ComputePlane variables itself.

    python by_hand.py [--serving-when FILE] [--log FILE]

HealthCheck answers NOT_SERVING until the file exists (`--serving-when`). With `--log`, every call
from the agent adds one line to the file: "NOT_SERVING", "SERVING" or "Process".

Over TCP (`SocketType` other than `unixdomainsocket`) the two addresses are `http://host:port`. The
decorator, as it stands, puts another `http://` before them and cannot listen there ("Failed to bind
to address"): a Python worker on TCP takes the addresses itself, as this one does.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from armonik.common import HealthCheckStatus, Output
from armonik.common.channel import create_channel
from armonik.worker import ArmoniKWorker, TaskHandler


def address_of(name: str) -> tuple[str, str]:
    """The address of the worker's or the agent's channel: to listen on, and to dial."""
    address = os.environ[f"ComputePlane__{name}Channel__Address"]
    if os.environ[f"ComputePlane__{name}Channel__SocketType"] == "unixdomainsocket":
        return f"unix://{address}", f"unix://{address}"
    return address.removeprefix("http://"), address


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serving-when", type=Path)
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    def note(line: str) -> None:
        if arguments.log is not None:
            with arguments.log.open("a") as log:
                log.write(line + "\n")

    def health_check() -> HealthCheckStatus:
        ready = arguments.serving_when is None or arguments.serving_when.exists()
        status = HealthCheckStatus.SERVING if ready else HealthCheckStatus.NOT_SERVING
        note(status.name)
        return status

    def process(task: TaskHandler) -> Output:
        note("Process")
        task.send_results({task.expected_results[0]: b"by hand: " + task.payload})
        return Output()

    listen, _ = address_of("Worker")
    _, dial = address_of("Agent")
    with create_channel(dial, options=(("grpc.default_authority", "localhost"),)) as agent:
        ArmoniKWorker(agent, process, health_check=health_check).start(listen)


if __name__ == "__main__":
    main()
