"""Workers that misbehave, for tests.

python odd.py                  a worker that does what its payload says: one of the actions
python odd.py KIND [FILE]      a worker that is odd from the start: one of the kinds; with FILE,
                               only as long as that file exists
"""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import grpc
from armonik.common import HealthCheckStatus, Output
from armonik.common.channel import create_channel
from armonik.protogen.common import agent_common_pb2
from armonik.protogen.common.worker_common_pb2 import HealthCheckReply
from armonik.worker import ArmoniKWorker, TaskHandler

WORKER_SOCKET, AGENT_SOCKET = (
    os.environ[f"ComputePlane__{name}Channel__Address"] for name in ("Worker", "Agent")
)
FLOOD = 100 * 1024 * 1024  # bytes

health = HealthCheckStatus.SERVING
leaving = False


# --- actions: what a payload may ask for ---------------------------------------------------------


def right(task: TaskHandler) -> None:
    task.send_results({task.expected_results[0]: b"right"})


def directory(task: TaskHandler) -> None:
    """The result is a folder, not a file."""
    (Path(task.data_folder) / task.expected_results[0]).mkdir()
    announce(task, task.expected_results[0])


def symlink(task: TaskHandler) -> None:
    """The result is a link to a file that is none of a client's business."""
    (Path(task.data_folder) / task.expected_results[0]).symlink_to(__file__)
    announce(task, task.expected_results[0])


def unwritten(task: TaskHandler) -> None:
    announce(task, task.expected_results[0])


def unknown(task: TaskHandler) -> None:
    """The result does not exist in ArmoniK."""
    (Path(task.data_folder) / "no-such-result").write_text("x")
    announce(task, "no-such-result")


def outside(task: TaskHandler) -> None:
    """The result's id leads out of the data folder."""
    announce(task, "../../tables.sqlite")


def announce(task: TaskHandler, result_id: str) -> None:
    identifier = agent_common_pb2.NotifyResultDataRequest.ResultIdentifier(
        session_id=task.session_id, result_id=result_id
    )
    task._client.NotifyResultData(
        agent_common_pb2.NotifyResultDataRequest(communication_token=task.token, ids=[identifier])
    )


def exit_7(_task: TaskHandler) -> None:
    print("I had enough", flush=True)
    os._exit(7)


def sys_exit(_task: TaskHandler) -> None:
    """Would end the worker; but a gRPC server swallows it, and does not answer."""
    sys.exit(3)


def wait_to_be_cancelled(task: TaskHandler) -> None:
    """Waits until the call is over for the agent; the worker ends by itself when the next comes.

    So does C#'s library, 30 to 150 ms after a call was cancelled: this is the worst moment for it.
    """
    global leaving
    print("waiting to be cancelled", flush=True)
    with suppress(grpc.RpcError):
        while True:
            task.create_results_metadata(["still there"])
            time.sleep(0.01)
    leaving = True


def hang(_task: TaskHandler) -> None:
    time.sleep(600)


def hang_up(_task: TaskHandler) -> None:
    """Shuts all connections, but lives on."""
    for number in range(3, 256):
        with suppress(OSError):
            connection = socket.socket(fileno=number)
            connection.shutdown(socket.SHUT_RDWR)
            connection.detach()
    time.sleep(600)


def fall_ill(task: TaskHandler) -> None:
    global health
    right(task)
    health = HealthCheckStatus.NOT_SERVING


def flood(_task: TaskHandler) -> None:
    """Writes a lot to the log, then fails."""
    line = "x" * 1023 + "\n"
    for _ in range(FLOOD // len(line) // 64):
        sys.stdout.write(line * 64)
    sys.stdout.flush()
    raise RuntimeError("after the flood")


def half_a_character(_task: TaskHandler) -> None:
    """Fails with a text that no encoding knows."""
    raise ValueError("half \ud800 a character")


def half_a_name(task: TaskHandler) -> None:
    """The result's id is a text that no encoding knows."""
    task.send_results({"\ud800": b""})


def without_end(_task: TaskHandler) -> None:
    """Fails with a text that is far too long, and has a NUL in it."""
    raise ValueError("first \0" + "x" * 10_000_000)


def found_family(task: TaskHandler) -> None:
    """Starts one process in its own group, and one that leaves it; its result is their ids."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    near = subprocess.Popen(command)
    far = subprocess.Popen(command, start_new_session=True)
    task.send_results({task.expected_results[0]: f"{near.pid} {far.pid}".encode()})


ACTIONS = {
    action.__name__: action
    for action in (
        *(right, directory, symlink, unwritten, unknown, outside),
        *(exit_7, sys_exit, wait_to_be_cancelled, hang, hang_up, fall_ill, flood, found_family),
        *(half_a_character, half_a_name, without_end),
    )
}


def process(task: TaskHandler) -> Output:
    if leaving:
        print("ending as a task comes", flush=True)
        os._exit(0)
    ACTIONS[task.payload.decode()](task)
    return Output()


def work() -> None:
    """The worker that does what it is told."""
    with create_channel(
        f"unix://{AGENT_SOCKET}", options=(("grpc.default_authority", "localhost"),)
    ) as agent:
        ArmoniKWorker(agent, process, health_check=lambda: health).start(f"unix://{WORKER_SOCKET}")


# --- kinds: workers that are odd from the start --------------------------------------------------


def crash() -> None:
    print("cannot find my licence", flush=True)
    sys.exit(3)


def silent() -> None:
    """Never opens its socket."""
    print("thinking", flush=True)
    time.sleep(600)


def unwell() -> None:
    """Answers, but never is healthy."""
    global health
    health = HealthCheckStatus.NOT_SERVING
    work()


def other_crash() -> None:
    """Crashes in every pod but the first."""
    if not AGENT_SOCKET.split("/")[-2].endswith("-0"):
        crash()
    work()


def nonsense() -> None:
    """A gRPC server whose replies are not the messages that they should be."""
    serve(lambda _request, _context: b"\xff\xff nonsense")


def hangs_up() -> None:
    """A gRPC server that stops when it is called."""

    def call(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        server.stop(0)
        time.sleep(600)
        return b""

    server = serve(call, wait=False)
    time.sleep(600)


def serve(call: object, wait: bool = True) -> grpc.Server:
    server = grpc.server(ThreadPoolExecutor(2))
    healthy = HealthCheckReply(status=HealthCheckReply.SERVING).SerializeToString()
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "armonik.api.grpc.v1.worker.Worker",
                {
                    "HealthCheck": grpc.unary_unary_rpc_method_handler(lambda *_: healthy),
                    "Process": grpc.unary_unary_rpc_method_handler(call),
                },
            )
        ]
    )
    server.add_insecure_port(f"unix://{WORKER_SOCKET}")
    server.start()
    if wait:
        server.wait_for_termination()
    return server


def not_grpc() -> None:
    """Something else listens: it says good day and closes."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(WORKER_SOCKET)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with suppress(OSError):
                connection.sendall(b"220 good day\r\n")
            connection.close()


KINDS = {
    kind.__name__: kind
    for kind in (crash, silent, unwell, other_crash, nonsense, hangs_up, not_grpc)
}


if __name__ == "__main__":
    if len(sys.argv) < 2 or (len(sys.argv) > 2 and not Path(sys.argv[2]).exists()):
        work()
    else:
        KINDS[sys.argv[1]]()
