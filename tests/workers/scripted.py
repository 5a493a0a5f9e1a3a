"""A worker that does what its payload says, for tests: {"do": [[action, argument, ...], ...]}.

A plain `@armonik_worker` program: it runs in a pod of the embedded ArmoniK and of a real cluster
alike. The actions are the functions below, named as in the script. What an action finds out goes
into `notes`, a list that ["report", i] sends as JSON to the task's i-th expected output.
"""

import array
import json
import mmap
import os
import signal
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
from armonik.common import Output, TaskDefinition
from armonik.common.channel import create_channel
from armonik.protogen.common import agent_common_pb2 as messages
from armonik.protogen.worker.agent_service_pb2_grpc import AgentStub
from armonik.worker import TaskHandler, armonik_worker

AGENT = "ComputePlane__AgentChannel__Address"
GATE_PATIENCE = 30.0  # seconds that a task waits at a gate before it gives up


@dataclass(frozen=True)
class Returned:
    """What the worker's function is to return, instead of an Output."""

    what: Any


class Run:
    """One attempt of one task: its handler, and what its actions have found out so far."""

    def __init__(self, task: TaskHandler):
        self.task = task
        self.notes: list[Any] = []

    def follow(self, script: list[list[Any]]) -> Output | Returned | None:
        """Does the actions in turn; what one of them returns ends the script."""
        for name, *arguments in script:
            output = ACTIONS[name](self, *arguments)
            if output is not None:
                return output
        return None


# --- results -------------------------------------------------------------------------------------


def send(run: Run, index: int, text: str) -> None:
    """Sends a text as the index-th expected output."""
    run.task.send_results({run.task.expected_results[index]: text.encode()})


def announce(run: Run, index: int) -> None:
    """Announces the index-th expected output, but leaves no file for it."""
    send(run, index, "x" * 1_000_000)
    Path(run.task.data_folder, run.task.expected_results[index]).unlink()


BUFFERS = {
    "bytearray": bytearray,
    "array": lambda data: array.array("B", data),
    "array of numbers": lambda data: array.array("H", data),
    "memoryview": memoryview,
    "memoryview of numbers": lambda data: memoryview(array.array("H", data)),
    "mmap": lambda data: _mapped(data),
}


def send_buffer(run: Run, index: int, kind: str, text: str) -> None:
    """Sends a text of an even number of bytes, in a buffer of another type than bytes."""
    run.task.send_results({run.task.expected_results[index]: BUFFERS[kind](text.encode())})


def _mapped(data: bytes) -> mmap.mmap:
    memory = mmap.mmap(-1, len(data))
    memory[:] = data
    return memory


def create(run: Run, name: str, text: str) -> None:
    """Creates a new result with its data, and notes its id and its status."""
    result = run.task.create_results({name: text.encode()})[name]
    run.notes.append({"result_id": result.result_id, "status": int(result.status)})


def create_metadata(run: Run, name: str) -> None:
    """Creates a new result without data, and notes its id and its status."""
    result = run.task.create_results_metadata([name])[name]
    run.notes.append({"result_id": result.result_id, "status": int(result.status)})


def get_resource(run: Run, result_id: str) -> None:
    """Asks the agent for any result's data; notes the text, or the name of the gRPC code."""
    run.notes.append(code_or(lambda: run.task.get_resource_data(result_id).decode()))


def dependencies(run: Run) -> None:
    """Notes the data of all dependencies, as texts, in the order of the request."""
    run.notes.append([data.decode() for _, data in run.task.data_dependencies.items()])


def dependency_views(run: Run) -> None:
    """Notes what the library promises of the dependencies: generators, in order, read once each."""
    data = run.task.data_dependencies
    first = next(iter(data))
    run.notes.append(
        {
            "keys": list(data.keys()),
            "next of items": [next(data.items())[0], next(data.keys())],
            "length": len(data),
            "read once": data[first] is data[first],
            "missing": data.get("no-such-result"),
        }
    )


def report(run: Run, index: int) -> None:
    """Sends the notes, as JSON, as the index-th expected output."""
    send(run, index, json.dumps(run.notes))


def look(run: Run) -> None:
    """Notes all that the agent told this worker: the request, and the files in its folder."""
    task, options = run.task, run.task.task_options
    run.notes.append(
        {
            "communication_token": task.token,
            "session_id": task.session_id,
            "task_id": task.task_id,
            "expected_output_keys": task.expected_results,
            "payload_id": task.payload_id,
            "data_dependencies": list(task.data_dependencies.keys()),
            "data_folder": task.data_folder,
            "data_chunk_max_size": task.configuration.data_chunk_max_size,
            "files": {
                path.name: path.read_bytes().decode(errors="replace")
                for path in Path(task.data_folder).iterdir()
                if path.is_file()
            },
            "task_options": {
                "max_duration": options.max_duration.total_seconds(),
                "max_retries": options.max_retries,
                "priority": options.priority,
                "partition_id": options.partition_id,
                "application_name": options.application_name,
                "application_version": options.application_version,
                "application_namespace": options.application_namespace,
                "application_service": options.application_service,
                "engine_type": options.engine_type,
                "options": options.options,
            },
        }
    )


# --- subtasks ------------------------------------------------------------------------------------


def subtask(
    run: Run, script: list[list[Any]], outputs: list[int | str], partition: str | None = None
) -> None:
    """Submits one subtask and notes its ids.

    An output that is a number is this task's expected output (the subtask takes it over); one that
    is a text is the name of a new result.
    """
    payload = run.task.create_results({"payload": json.dumps({"do": script}).encode()})["payload"]
    output_ids = [
        run.task.expected_results[output]
        if isinstance(output, int)
        else run.task.create_results_metadata([output])[output].result_id
        for output in outputs
    ]
    options = partition and replace(run.task.task_options, partition_id=partition)
    submitted = run.task.submit_tasks([TaskDefinition(payload.result_id, output_ids)], options)
    run.notes.append(
        {"task_id": submitted[0].id, "payload_id": payload.result_id, "output_ids": output_ids}
    )


# --- waiting -------------------------------------------------------------------------------------


def sleep(_run: Run, seconds: float) -> None:
    """Sleeps, deaf to everything."""
    time.sleep(seconds)


def gate(run: Run, result_id: str) -> None:
    """Waits until the test completes the result `result_id`; gives up after GATE_PATIENCE seconds.

    The gate is a result of ArmoniK, so it works on a distant cluster too. When the agent gives up
    this call (cancelled, out of time), the token is no longer valid and the wait ends in an error.
    """
    deadline = time.monotonic() + GATE_PATIENCE
    while time.monotonic() < deadline:
        try:
            run.task.get_resource_data(result_id)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.NOT_FOUND:
                raise
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"gate {result_id} stayed shut for {GATE_PATIENCE:.0f} s")


def touch(_run: Run, path: str) -> None:
    """Makes an empty file, so that a test on the same machine sees how far the script is."""
    Path(path).touch()


# --- failing -------------------------------------------------------------------------------------


def raise_(_run: Run, text: str) -> None:
    """Raises, as a worker with a bug does."""
    raise RuntimeError(text)


def error(_run: Run, text: str) -> Output:
    """Returns an Output that carries an error, as a worker that refuses its input does."""
    return Output(error=text)


def returns(_run: Run, what: Any) -> Returned:
    """Makes the function return this, as a worker that forgets `return Output()`."""
    return Returned(what)


def die(_run: Run) -> None:
    """Ends this process at once, as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def attempt(run: Run, number: int, script: list[list[Any]]) -> Output | Returned | None:
    """Does a script only in one attempt of the task: 0 is the first, 1 the first retry."""
    _, _, suffix = run.task.task_id.partition("###")
    return run.follow(script) if int(suffix or 0) == number else None


# --- misbehaving towards the agent ---------------------------------------------------------------


def refusal(run: Run, name: str, *arguments: Any) -> None:
    """Does an action that the agent should refuse; notes the name of the gRPC code."""
    run.notes.append(code_or(lambda: ACTIONS[name](run, *arguments)))


def with_token(run: Run, token: str) -> None:
    """Calls the agent with this token instead of the task's; notes the name of the gRPC code."""
    own, run.task.token = run.task.token, token
    try:
        run.notes.append(code_or(lambda: list(run.task.create_results_metadata(["stray"]))))
    finally:
        run.task.token = own


def call_after_the_task(run: Run, go: str, answer: str) -> None:
    """Once the file `go` exists, calls the agent with this task's token from a thread.

    The name of the gRPC code goes into the file `answer`.
    """

    def call() -> None:
        deadline = time.monotonic() + GATE_PATIENCE
        while not Path(go).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        found = code_or(lambda: list(run.task.create_results_metadata(["stray"])))
        part = Path(answer + ".part")
        part.write_text(json.dumps(found))
        part.rename(answer)

    threading.Thread(target=call, daemon=True).start()


LARGE = 5 * 1024 * 1024  # bytes: more than an agent takes in one message


def large_message(run: Run, method: str) -> None:
    """Sends the agent a message that is too large; notes the name of the gRPC code."""
    task, text = run.task, "x" * LARGE
    calls = {
        "CreateResults": lambda: list(task.create_results({"large": bytes(LARGE)})),
        "CreateResultsMetaData": lambda: list(task.create_results_metadata([text])),
        "SubmitTasks": lambda: len(task.submit_tasks([TaskDefinition(text, [text])])),
        "GetResourceData": lambda: len(task.get_resource_data(text)),
    }
    run.notes.append(code_or(calls[method]))


def many_small(run: Run) -> None:
    """Creates results that are too large for one message together, one message each."""
    run.notes.append(len(run.task.create_results({str(n): bytes(LARGE // 5) for n in range(10)})))


def own_stub(run: Run, index: int, text: str) -> None:
    """Sends a text as an expected output without the library: by a stub made here."""
    result_id = run.task.expected_results[index]
    address, options = f"unix://{os.environ[AGENT]}", (("grpc.default_authority", "localhost"),)
    with create_channel(address, options=options) as channel:
        Path(run.task.data_folder, result_id).write_text(text)
        identifier = messages.NotifyResultDataRequest.ResultIdentifier(
            session_id=run.task.session_id, result_id=result_id
        )
        AgentStub(channel).NotifyResultData(
            messages.NotifyResultDataRequest(communication_token=run.task.token, ids=[identifier]),
            timeout=GATE_PATIENCE,
        )


def code_or(call: Any) -> Any:
    """What the call returns, or the name of the gRPC code that it failed with."""
    try:
        return call()
    except grpc.RpcError as failure:
        return failure.code().name


ACTIONS = {
    action.__name__.rstrip("_"): action
    for action in (
        *(send, send_buffer, announce, create, create_metadata, get_resource),
        *(dependencies, dependency_views, report, look),
        *(subtask, sleep, gate, touch, raise_, error, returns, die, attempt),
        *(refusal, with_token, large_message, many_small, own_stub, call_after_the_task),
    )
}


@armonik_worker()
def processor(task: TaskHandler) -> Output:
    output = Run(task).follow(json.loads(task.payload)["do"]) or Output()
    return output.what if isinstance(output, Returned) else output


if __name__ == "__main__":
    processor.run()
