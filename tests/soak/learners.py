"""The polite ones: learners who say hello and think, and their teacher, who looks at them all."""

from __future__ import annotations

import random
import threading
import time

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions
from armonik.common import Result, ResultStatus, SessionStatus, TaskStatus

from hello_helpers import messages, steps
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.learners import learners
from hello_helpers.errors import HelloError

from .gauge import Gauge
from .ledger import Ledger

HELLOS = 10  # in one session
LOOK = 0.05  # seconds between two looks of a learner who does not wait for events
PATIENCE = 60.0  # seconds for one hello


class Person(threading.Thread):
    """Somebody who does something, thinks, and does it again, until `stop`."""

    def __init__(self, endpoint: str, name: str, gauge: Gauge, think: float) -> None:
        super().__init__(name=name)
        self.ledger = Ledger()
        self.chance = random.Random(name)
        self._endpoint, self._gauge, self._think = endpoint, gauge, think
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Tell it to end; `join` waits for that."""
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with Endpoint.parse(self._endpoint).open_channel() as channel:
                    while not self._stopping.wait(self.chance.uniform(0.5, 1.5) * self._think):
                        with self._gauge.timed(self.what):
                            self.act(with_deadline(channel, PATIENCE))
            except (HelloError, AssertionError) as error:
                self._break(str(error))
            except grpc.RpcError as error:
                self._break(f"{error.code().name}: {error.details()}")

    what = ""

    def act(self, channel: grpc.Channel) -> None:
        raise NotImplementedError

    def forget(self) -> None:
        """Go on with nothing that a call which broke may have been about."""

    def _break(self, why: str) -> None:
        self._gauge.broke(f"{self.name}: {why}")
        self.forget()


class Learner(Person):
    """Says hello, again and again; every second one waits for events, the others look."""

    what = "hello"
    _session, _left = "", 0

    def act(self, channel: grpc.Channel) -> None:
        if not self._left:
            self._change_session(channel)
        self._left -= 1
        count = 250 if self.chance.random() < 0.1 else 3  # 250 numbers make six subtasks
        payload = messages.Payload([self.chance.randrange(1000) for _ in range(count)])
        answer = messages.Result(sum(payload.numbers))
        data = steps.create_payload(channel, self._session, payload)
        self.ledger.result(data.payload_id, payload.serialize())
        task_id = steps.submit_task(channel, self._session, data)
        self.ledger.task(task_id, TaskStatus.COMPLETED)
        self.ledger.result(data.result_id, answer.serialize())
        if self.chance.random() < 0.5:
            found = steps.wait_for_result(channel, self._session, data.result_id, PATIENCE)
        else:
            found = self._look_for(channel, data.result_id)
        assert found == answer, f"{found} is not {answer}"

    def _change_session(self, channel: grpc.Channel) -> None:
        if self._session:
            self.ledger.session(self._session, SessionStatus.RUNNING, SessionStatus.CLOSED)
            ArmoniKSessions(channel).close_session(self._session)
            self.ledger.session(self._session, SessionStatus.CLOSED)
        labels = {"hello": "own", "learner": self.name}
        self._session, self._left = steps.create_session(channel, labels=labels), HELLOS
        self.ledger.session(self._session, SessionStatus.RUNNING)

    def _look_for(self, channel: grpc.Channel, result_id: str) -> messages.Result:
        results, deadline = ArmoniKResults(channel), time.monotonic() + PATIENCE
        while True:
            (found,) = results.list_results(Result.result_id == result_id)[1]
            if found.status == ResultStatus.COMPLETED:
                data = results.download_result_data(result_id, self._session)
                return messages.Result.deserialize(data)
            assert found.status == ResultStatus.CREATED, f"{result_id} is {found.status}"
            assert time.monotonic() < deadline, f"{result_id} does not come"
            time.sleep(LOOK)

    def forget(self) -> None:
        self._session, self._left = "", 0  # its tasks may still run: it stays open


class Teacher(Person):
    """Looks at all learners, as ``hello-armonik learners`` does."""

    what = "learners"

    def act(self, channel: grpc.Channel) -> None:
        learners(channel)
