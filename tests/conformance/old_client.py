"""What clients of versions 3.12 and 3.15 send to the Submitter service, message by message."""

from collections.abc import Iterable, Iterator, Sequence

from armonik.protogen.common.objects_pb2 import (
    DataChunk,
    Empty,
    InitTaskRequest,
    ResultRequest,
    TaskOptions,
    TaskRequestHeader,
)
from armonik.protogen.common.submitter_common_pb2 import (
    AvailabilityReply,
    CreateLargeTaskRequest,
    CreateSessionRequest,
    CreateTaskReply,
    ResultReply,
)

from .driver import ArmoniK
from .waiting import PATIENCE

LegacyTask = tuple[bytes, Sequence[str], Sequence[str]]  # payload, outputs, dependencies


class OldClient:
    """ArmoniKSubmitter and ArmoniKResult of old, reduced to their calls."""

    def __init__(self, armonik: ArmoniK):
        self.armonik = armonik
        self.stub = armonik.submitter

    def create_session(self, options: TaskOptions, partitions: Sequence[str]) -> str:
        request = CreateSessionRequest(default_task_option=options, partition_ids=partitions)
        return self.stub.CreateSession(request).session_id

    def get_results_ids(self, session: str, names: Sequence[str]) -> list[str]:
        return self.armonik.create_results(session, *names)  # already the Results service then

    def submit(
        self, session: str, tasks: Sequence[LegacyTask], options: TaskOptions | None = None
    ) -> list[CreateTaskReply.TaskInfo]:
        chunk_size = self.stub.GetServiceConfiguration(Empty()).data_chunk_max_size
        reply = self.stub.CreateLargeTasks(large_tasks(session, tasks, options, chunk_size))
        assert reply.WhichOneof("Response") == "creation_status_list", reply.error
        statuses = reply.creation_status_list.creation_statuses
        assert [status.WhichOneof("Status") for status in statuses] == ["task_info"] * len(tasks)
        return [status.task_info for status in statuses]

    def wait_for_availability(self, session: str, result_id: str) -> AvailabilityReply:
        request = ResultRequest(session=session, result_id=result_id)
        return self.stub.WaitForAvailability(request, timeout=PATIENCE)

    def stream(self, session: str, result_id: str) -> list[ResultReply]:
        request = ResultRequest(session=session, result_id=result_id)
        return list(self.stub.TryGetResultStream(request))

    def get_result(self, session: str, result_id: str) -> bytes | None:
        """The data; None when the task has not completed. Raises as the old client does."""
        data, complete = b"", False
        for reply in self.stream(session, result_id):
            kind = reply.WhichOneof("type")
            if kind == "not_completed_task":
                return None
            if kind == "error":
                raise RuntimeError(reply.error.errors[0].detail)
            complete = reply.result.WhichOneof("type") == "data_complete"
            data += reply.result.data
        if not complete:
            raise RuntimeError("Incomplete data")
        return data


def large_tasks(
    session: str, tasks: Iterable[LegacyTask], options: TaskOptions | None, chunk_size: int
) -> Iterator[CreateLargeTaskRequest]:
    """The stream that creates tasks with payloads in chunks."""
    request = CreateLargeTaskRequest
    yield request(init_request=request.InitRequest(session_id=session, task_options=options))
    none = True
    for payload, outputs, dependencies in tasks:
        none = False
        header = TaskRequestHeader(expected_output_keys=outputs, data_dependencies=dependencies)
        yield request(init_task=InitTaskRequest(header=header))
        for start in range(0, max(len(payload), 1), chunk_size):
            yield request(task_payload=DataChunk(data=payload[start : start + chunk_size]))
        yield request(task_payload=DataChunk(data_complete=True))
    if not none:
        yield request(init_task=InitTaskRequest(last_task=True))
