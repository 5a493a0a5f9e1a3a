"""A worker without the decorator: it reads the four ComputePlane variables itself.

    python by_hand.py [--serving-when FILE] [--log FILE] [--own-service]

HealthCheck answers NOT_SERVING until the file exists (`--serving-when`). With `--log`, every call
from the agent adds one line to the file: "NOT_SERVING", "SERVING" or "Process".
With `--own-service`, it answers the agent's calls itself, and its result says what gRPC tells it.

Over TCP (`SocketType` other than `unixdomainsocket`) the two addresses are `http://host:port`. The
decorator, as it stands, puts another `http://` before them and cannot listen there ("Failed to bind
to address"): a Python worker on TCP takes the addresses itself, as this one does.
"""

import argparse
import os
from pathlib import Path

import grpc
from armonik.common import HealthCheckStatus, Output
from armonik.common.channel import create_channel
from armonik.protogen.common.worker_common_pb2 import ProcessReply, ProcessRequest
from armonik.worker import ArmoniKWorker, TaskHandler


def address_of(name: str) -> tuple[str, str]:
    """The address of the worker's or the agent's channel: to listen on, and to dial."""
    address = os.environ[f"ComputePlane__{name}Channel__Address"]
    if os.environ[f"ComputePlane__{name}Channel__SocketType"] == "unixdomainsocket":
        return f"unix://{address}", f"unix://{address}"
    return address.removeprefix("http://"), address


class Own(ArmoniKWorker):
    """A worker with a method Process of its own, which looks at context and data folder."""

    def Process(  # noqa: N802
        self, request: ProcessRequest, context: grpc.ServicerContext
    ) -> ProcessReply:
        payload = Path(request.data_folder, request.payload_id).read_bytes()
        in_time = context.is_active() and context.time_remaining() > 0
        said = payload + f", in time: {in_time}".encode()
        TaskHandler(request, self._client).send_results({request.expected_output_keys[0]: said})
        return ProcessReply(output=Output().to_message())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serving-when", type=Path)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--own-service", action="store_true")
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
        worker = Own if arguments.own_service else ArmoniKWorker
        worker(agent, process, health_check=health_check).start(listen)


if __name__ == "__main__":
    main()
