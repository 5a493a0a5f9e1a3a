"""The hello worker, called as an agent calls it, without an agent."""

import json
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from armonik.common import Output
from armonik.protogen.common.objects_pb2 import TaskOptions
from armonik.protogen.common.worker_common_pb2 import ProcessRequest
from armonik.worker import TaskHandler, armonik_worker

from hello_helpers.course.worker_mistakes import remedy_of
from hello_helpers.messages import SECONDS_OPTION, Payload, Result

OPTIONS = TaskOptions(priority=7, max_retries=2, partition_id="somewhere")


@pytest.fixture(scope="module", autouse=True)
def _root_logger_stays_as_it_is():
    """The decorator of a worker directs all logging to stdout."""
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers


class Agent:
    """Stands for an agent: it has the four calls that the worker makes, and runs what comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[list[str]] = []
        self.submitted: list[Any] = []
        self.waiting: deque[Any] = deque()
        self.options: list[TaskOptions] = []
        self.done: set[str] = set()
        self._count = 0

    def CreateResultsMetaData(self, request: Any) -> Any:  # noqa: N802
        return self._create(request.results)

    def CreateResults(self, request: Any) -> Any:  # noqa: N802
        reply = self._create(request.results)
        for created, sent in zip(reply.results, request.results, strict=True):
            (self.folder / created.result_id).write_bytes(sent.data)
        reply.results.reverse()  # the order of the answer is not promised
        return reply

    def SubmitTasks(self, request: Any) -> Any:  # noqa: N802
        self.options.append(request.task_options)
        self.submitted.extend(request.task_creations)
        self.waiting.extend(request.task_creations)
        return SimpleNamespace(task_infos=[])

    def NotifyResultData(self, request: Any) -> None:  # noqa: N802
        self.done.update(identifier.result_id for identifier in request.ids)

    def _create(self, results: Any) -> Any:
        self.names.append([result.name for result in results])
        created = []
        for result in results:
            self._count += 1
            created.append(
                SimpleNamespace(
                    result_id=f"r{self._count}",
                    name=result.name,
                    session_id="s",
                    status=1,
                    created_at=SimpleNamespace(seconds=0, nanos=0),
                )
            )
        return SimpleNamespace(results=created)

    def call(
        self,
        payload: bytes,
        outputs: tuple[str, ...] = ("sum",),
        inputs: Any = (),
        seconds: str = "",
    ) -> str:
        """Let the worker process one task; return its error, "" if there is none."""
        from hello_helpers.worker import hello

        (self.folder / "payload").write_bytes(payload)
        options = TaskOptions()
        options.CopyFrom(OPTIONS)
        options.options.update({SECONDS_OPTION: seconds} if seconds else {})
        request = ProcessRequest(
            session_id="s",
            task_id="t",
            payload_id="payload",
            expected_output_keys=outputs,
            data_dependencies=inputs,
            data_folder=str(self.folder),
            task_options=options,
        )
        return hello(TaskHandler(request, self)).error or ""

    def run(self, payload: Payload) -> int | float:
        """Process a task and all that comes of it, in any order that its dependencies allow."""
        assert not self.call(payload.serialize())
        while self.waiting:
            task = self.waiting.popleft()
            if not set(task.data_dependencies) <= self.done:
                self.waiting.append(task)
                continue
            data = (self.folder / task.payload_id).read_bytes()
            assert not self.call(data, tuple(task.expected_output_keys), task.data_dependencies)
        return Result.deserialize((self.folder / "sum").read_bytes()).value


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


@pytest.mark.parametrize(
    ("values", "result"), [([], 0), ([7], 7), ([1.5, 2.5], 4.0), (list(range(10)), 45)]
)
def test_few_values_are_added_by_one_task(agent, values, result):
    assert repr(agent.run(Payload(values))) == repr(result), "whole numbers stay whole"
    assert not agent.submitted


@pytest.mark.parametrize("threshold", [1, 2, 3, 9])
@pytest.mark.parametrize("count", [2, 3, 10, 37])
def test_many_values_are_added_by_subtasks(agent, count, threshold):
    assert agent.run(Payload(list(range(count)), threshold)) == sum(range(count))
    assert bool(agent.submitted) == (count > threshold)


def test_it_takes_its_time_only_if_an_option_says_so(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("hello_helpers.worker.time.sleep", slept.append)
    assert not agent.call(Payload([1, 2]).serialize())
    assert not agent.call(Payload([1, 2]).serialize(), seconds="0.2")
    assert slept == [0.2]


@pytest.mark.parametrize("seconds", ["soon", "-1", "inf"])
def test_a_time_that_is_none_is_told_as_such(agent: Agent, seconds: str) -> None:
    told = agent.call(Payload([1]).serialize(), seconds=seconds)
    assert told == "The task option hello_seconds must be a number of seconds."


def test_an_error_of_the_worker_itself_is_not_taken_for_a_wrong_option(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hello_helpers.worker._answer", Mock(side_effect=ValueError("closed")))
    with pytest.raises(ValueError, match="closed"):
        agent.call(Payload([1]).serialize())


def test_a_split_makes_two_subtasks_and_one_that_joins_them(agent):
    agent.call(Payload([1, 2, 3], 2).serialize())
    first, second, join = agent.submitted
    halves = [*first.expected_output_keys, *second.expected_output_keys]
    assert list(join.data_dependencies) == halves
    assert list(join.expected_output_keys) == ["sum"], "it takes over the parent's result"
    assert not agent.done, "the parent itself sends nothing"
    assert all(len(set(names)) == len(names) for names in agent.names), "within each call"
    (options,) = agent.options
    assert (options.priority, options.partition_id) == (7, "somewhere"), "those of the parent"


def test_each_subtask_gets_the_payload_meant_for_it(agent):
    agent.call(Payload([1, 2, 3], 2).serialize())
    payloads = [json.loads((agent.folder / t.payload_id).read_bytes()) for t in agent.submitted]
    assert [payload["values"] for payload in payloads[:2]] == [[1], [2, 3]]
    assert payloads[2]["values"] == list(agent.submitted[2].data_dependencies)


@pytest.mark.parametrize(
    ("payload", "outputs", "inputs", "words"),
    [
        (b"", 1, [], "does not understand"),
        (b"hello", 1, [], "does not understand"),
        (b"{}", 1, [], "does not understand"),
        (b'{"values": [true]}', 1, [], "does not understand"),
        (b"\xff", 1, [], "does not understand"),
        (Payload([1e308, 1e308]).serialize(), 1, [], "too large"),
        (Payload([10**400, 0.5]).serialize(), 1, [], "too large"),
        (Payload([1]).serialize(), 2, [], "expects 2"),
        (Payload(["r1", "r2"]).serialize(), 1, [], "does not depend on: ['r1', 'r2']"),
        (Payload(["no result"]).serialize(), 1, ["no result"], "does not understand"),
    ],
)
def test_what_it_cannot_do_gives_an_error_and_no_crash(agent, payload, outputs, inputs, words):
    (agent.folder / "no result").write_bytes(b"no result")
    assert words in agent.call(payload, ("a", "b")[:outputs], inputs)
    assert not agent.done


def mine(task: Any) -> Output:
    """Stands for a learner's function."""
    raise AssertionError(task)


@pytest.mark.parametrize(
    ("mistake", "remedy"),
    [
        (lambda _: mine.run(), "Write @armonik_worker() above the function."),
        (lambda _: armonik_worker(mine), "Write @armonik_worker(), with the brackets."),
        (lambda _: armonik_worker()(mine)(), "The last line must start the worker: .run()."),
        (lambda _: Output.to_message(), "Write return Output(), with the brackets."),
        (lambda _: Output(success=True), "Output() is for success, "),
        (lambda task: task.send_results(b"1"), "{task.expected_results[0]: ...}"),
        (lambda task: task.send_results({"r": "1"}), "Send bytes"),
        (lambda task: {task.expected_results: b"1"}, "take one of them: {task.expected_results[0]"),
        (lambda task: task.payload.values(), "Write Payload.deserialize(task.payload)."),
        (lambda task: task.decode(), "The bytes are in task.payload."),
        (lambda task: task.payloads, "Did you mean task.payload?"),
        (lambda task: task.nonsense, "A task has: payload, "),
    ],
)
def test_what_python_says_of_a_usual_mistake_is_known_with_its_remedy(
    agent: Agent, mistake: Callable[[Any], object], remedy: str
) -> None:
    (agent.folder / "payload").write_bytes(b"1")
    request = ProcessRequest(
        payload_id="payload", expected_output_keys=["r"], data_folder=str(agent.folder)
    )
    with pytest.raises((AttributeError, TypeError)) as raised:
        mistake(TaskHandler(request, agent))
    assert remedy in remedy_of(str(raised.value))
