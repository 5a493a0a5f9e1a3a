"""A worker that tries out what a worker may try: its payload names one of the probes.

What a probe returns goes as JSON into the task's last expected output; the others are its own.
A test runs each probe on both roads to a worker, and compares what is left of it.
"""

import array
import asyncio
import collections
import io
import json
import os
import pickle
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
from armonik.common import Output, TaskDefinition
from armonik.protogen.common import agent_common_pb2 as messages
from armonik.worker import TaskHandler, armonik_worker

Probe = Callable[[TaskHandler], Any]

PROBES: dict[str, Probe] = {}


def probe(function: Probe) -> Probe:
    PROBES[function.__name__] = function
    return function


def tried(call: Callable[[], Any]) -> Any:
    """What a call returns, or how it fails."""
    try:
        return call()
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def own(task: TaskHandler) -> str:
    return task.expected_results[0]


def some_input(task: TaskHandler) -> str:
    return next(iter(task.data_dependencies))


def tried_to_send(*named: tuple[str, Any]) -> None:
    """Make a probe of each result id that is sent to."""
    for name, result_id in named:
        PROBES[f"send_to_{name}"] = lambda task, to=result_id: tried(
            lambda: task.send_results({to: b"x"})
        )


tried_to_send(
    ("a_path", "a/b"),
    ("nothing", ""),
    ("the_folder", "."),
    ("a_nul", "a\0b"),
    ("a_long_name", "x" * 300),
    ("a_number", 5),
    ("bytes", b"x"),
    ("an_unknown_name", "unknown"),
    ("an_unknown_id", "00000000-0000-0000-0000-000000000000"),
)


# --- sending results ------------------------------------------------------------------------------


@probe
def send_text(task: TaskHandler) -> Any:
    return tried(lambda: task.send_results({own(task): "text"}))


@probe
def misspell_a_method(task: TaskHandler) -> Any:
    return tried(lambda: task.send_result({own(task): b"x"}))


@probe
def send_one_of_two_right(task: TaskHandler) -> Any:
    return tried(lambda: task.send_results({own(task): b"right", "x": 7}))


@probe
def send_pairs(task: TaskHandler) -> Any:
    return tried(lambda: task.send_results([(own(task), b"x")]))


@probe
def send_ordered(task: TaskHandler) -> None:
    task.send_results(collections.OrderedDict({own(task): b"x"}))


@probe
def send_gaps(task: TaskHandler) -> Any:
    return tried(lambda: task.send_results({own(task): memoryview(b"abcdef")[::2]}))


@probe
def send_a_buffer_of_bytesio(task: TaskHandler) -> None:
    task.send_results({own(task): io.BytesIO(b"abc").getbuffer()})


@probe
def send_many_numbers(task: TaskHandler) -> None:
    task.send_results({own(task): memoryview(array.array("q", range(60_000)))})


@probe
def send_and_change_the_buffer(task: TaskHandler) -> None:
    data = bytearray(b"before")
    task.send_results({own(task): data})
    data[:] = b"after"


@probe
def send_small_then_large(task: TaskHandler) -> None:
    task.send_results({own(task): b"small"})
    task.send_results({own(task): bytes(100_000)})


@probe
def send_large_then_small(task: TaskHandler) -> None:
    task.send_results({own(task): bytes(100_000)})
    task.send_results({own(task): b"small"})


@probe
def send_from_threads(task: TaskHandler) -> None:
    sending = [
        threading.Thread(target=task.send_results, args=({result_id: b"of a thread"},))
        for result_id in task.expected_results
    ]
    for thread in sending:
        thread.start()
    for thread in sending:
        thread.join()


@probe
def send_with_a_wrong_token(task: TaskHandler) -> Any:
    task.token = "wrong"
    return tried(lambda: task.send_results({own(task): b"x"}))


@probe
def send_to_the_payload(task: TaskHandler) -> None:
    task.send_results({task.payload_id: b"mine"})


@probe
def send_to_a_dependency(task: TaskHandler) -> Any:
    task.send_results({some_input(task): b"mine"})
    return tried(lambda: task.get_resource_data(some_input(task)).decode())


# --- the data folder ------------------------------------------------------------------------------


@probe
def look_into_the_folder(task: TaskHandler) -> Any:
    task.send_results({own(task): b"sent"})
    return sorted(path.read_bytes().decode() for path in Path(task.data_folder).iterdir())


@probe
def change_a_file_after_sending(task: TaskHandler) -> None:
    task.send_results({own(task): b"sent"})
    Path(task.data_folder, own(task)).write_bytes(b"changed")


@probe
def send_over_a_file(task: TaskHandler) -> None:
    Path(task.data_folder, own(task)).write_bytes(b"file")
    task.send_results({own(task): b"sent"})


@probe
def delete_a_file_after_sending(task: TaskHandler) -> None:
    task.send_results({own(task): b"sent"})
    Path(task.data_folder, own(task)).unlink()


@probe
def change_an_input(task: TaskHandler) -> Any:
    Path(task.data_folder, some_input(task)).write_bytes(b"mine")
    return task.data_dependencies[some_input(task)].decode()


@probe
def delete_the_payload(task: TaskHandler) -> Any:
    task._payload = None
    Path(task.data_folder, task.payload_id).unlink()
    return tried(lambda: task.payload.decode())


@probe
def remove_the_folder(task: TaskHandler) -> Any:
    shutil.rmtree(task.data_folder)
    return tried(lambda: task.send_results({own(task): b"x"}))


@probe
def name_another_folder(task: TaskHandler) -> Any:
    other = Path(task.data_folder, "other")
    other.mkdir()
    task.data_folder = str(other)
    task.send_results({own(task): b"x"})
    return [path.name for path in other.iterdir()]


# --- inputs ---------------------------------------------------------------------------------------


@probe
def dependencies(task: TaskHandler) -> Any:
    data = task.data_dependencies
    views = (data.keys(), data.items(), data.values(), iter(data))
    return [
        [type(view).__name__ for view in views],
        list(data.keys()),
        [(result_id, len(content)) for result_id, content in data.items()],
        tried(lambda: data["none"]),
        tried(lambda: data[[]]),
        tried(lambda: len(data.keys())),
        "none" in data,
    ]


@probe
def read_a_result_just_made(task: TaskHandler) -> Any:
    made = task.create_results({"new": b"data"})["new"]
    return tried(lambda: task.get_resource_data(made.result_id))


@probe
def read_odd_ids(task: TaskHandler) -> Any:
    return [tried(lambda to=to: task.get_resource_data(to)) for to in ("", "../x", "\0", None, 5)]


# --- the agent ------------------------------------------------------------------------------------


@probe
def the_agent(task: TaskHandler) -> Any:
    request = messages.DataRequest(communication_token=task.token, result_id="none")
    begin = messages.CreateTaskRequest(communication_token=task.token)
    agent = task._client
    return [
        type(agent).__name__,
        tried(lambda: agent.GetResourceData(request)),
        tried(lambda: agent.GetResourceData.with_call(request)),
        tried(lambda: agent.GetResourceData.future(request).result()),
        tried(lambda: agent.CreateTask(iter([begin])).error),
        tried(lambda: agent.GetCommonData(request)),
    ]


@probe
def notify_of_too_much(task: TaskHandler) -> Any:
    names = (str(number).zfill(250) for number in range(15_000))
    return tried(lambda: task.send_results(dict.fromkeys(names, b"")))


@probe
def create_from_odd_data(task: TaskHandler) -> Any:
    data = ["text", bytearray(b"x"), array.array("d", [1.0]), None]
    return [tried(lambda x=x: len(task.create_results({"x": x}))) for x in data]


@probe
def submit_wrongly(task: TaskHandler) -> Any:
    one = TaskDefinition(task.payload_id, [own(task)])
    options = task.task_options
    return [
        tried(lambda: task.submit_tasks([])),
        tried(lambda: len(task.submit_tasks([one], replace(options, priority=99)))),
        tried(lambda: len(task.submit_tasks([one], replace(options, partition_id="none")))),
    ]


@probe
def submit_what_is_not_there(task: TaskHandler) -> Any:
    return tried(lambda: len(task.submit_tasks([TaskDefinition("none", [own(task)], ["none"])])))


# --- the end --------------------------------------------------------------------------------------


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def raising(**errors: Callable[[TaskHandler], BaseException]) -> None:
    """Make a probe of each exception."""

    def made(error: Callable[[TaskHandler], BaseException]) -> Probe:
        def fail(task: TaskHandler) -> None:
            raise error(task)

        return fail

    PROBES.update({f"raise_{name}": made(error) for name, error in errors.items()})


raising(
    many_lines=lambda _: ValueError("bad\n  and\nworse"),
    nothing=lambda _: ValueError(),
    without_text=lambda _: Unspeakable(),
    surrogate=lambda _: ValueError("half \ud800 a character"),
    stop=lambda _: StopIteration(),
    key=lambda task: KeyError(own(task)),
)

PROBES.update(
    {
        f"return_{name}": lambda _task, what=what: what
        for name, what in {
            "an_error": Output("wrong"),
            "an_empty_error": Output(""),
            "an_error_that_is_a_number": Output(error=5),
            "an_error_with_half_a_character": Output("a\ud800"),
            "a_long_error": Output("x" * 5_000_000),
        }.items()
    }
)


@probe
def raise_from_another(_task: TaskHandler) -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        raise ValueError("because of another") from error


@probe
def raise_of_the_agent(task: TaskHandler) -> None:
    task.get_resource_data("none")


@probe
def never_return(_task: TaskHandler) -> None:
    def deeper() -> None:
        deeper()

    deeper()


@probe
def end_the_worker(_task: TaskHandler) -> None:
    print("farewell", flush=True)
    os._exit(4)


# --- around the program ---------------------------------------------------------------------------


@probe
def surroundings(_task: TaskHandler) -> Any:
    return [
        sys.argv[1:],
        Path(sys.argv[0]).name,
        __name__,
        sys.path[0] == str(Path(__file__).parent),
        sys.stdin.read(),
        pickle.loads(pickle.dumps(surroundings)) is surroundings,
        threading.current_thread() is threading.main_thread(),
        asyncio.run(asyncio.sleep(0, "slept")),
    ]


@armonik_worker()
def processor(task: TaskHandler) -> Output:
    found = PROBES[task.payload.decode()](task)
    if isinstance(found, Output):
        return found
    task.send_results({task.expected_results[-1]: json.dumps(found).encode()})
    return Output()


if __name__ == "__main__":
    processor.run()
