"""The raw limit: the gRPC calls that one hello needs, answered by handlers that do nothing."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from collections.abc import AsyncIterator
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import grpc
from armonik.protogen.client import (
    events_service_pb2_grpc,
    results_service_pb2_grpc,
    tasks_service_pb2_grpc,
)
from armonik.protogen.common import (
    events_common_pb2,
    objects_pb2,
    results_common_pb2,
    tasks_common_pb2,
    worker_common_pb2,
)
from armonik.protogen.worker import worker_service_pb2_grpc

from .measuring import Row, percentile, seconds


class Empty(
    results_service_pb2_grpc.ResultsServicer,
    tasks_service_pb2_grpc.TasksServicer,
    events_service_pb2_grpc.EventsServicer,
    worker_service_pb2_grpc.WorkerServicer,
):
    """Answers at once, with nothing."""

    async def CreateResults(self, _: Any, __: Any) -> Any:
        return results_common_pb2.CreateResultsResponse()

    async def CreateResultsMetaData(self, _: Any, __: Any) -> Any:
        return results_common_pb2.CreateResultsMetaDataResponse()

    async def SubmitTasks(self, _: Any, __: Any) -> Any:
        return tasks_common_pb2.SubmitTasksResponse()

    async def GetEvents(self, _: Any, __: Any) -> AsyncIterator[Any]:
        yield events_common_pb2.EventSubscriptionResponse()

    async def DownloadResultData(self, _: Any, __: Any) -> AsyncIterator[Any]:
        yield results_common_pb2.DownloadResultDataResponse(data_chunk=b"{}")

    async def Process(self, _: Any, __: Any) -> Any:
        return worker_common_pb2.ProcessReply(output=objects_pb2.Output(ok=objects_pb2.Empty()))


def _serve(address: str, ready: Event) -> None:
    async def run() -> None:
        server = grpc.aio.server()
        empty = Empty()
        results_service_pb2_grpc.add_ResultsServicer_to_server(empty, server)
        tasks_service_pb2_grpc.add_TasksServicer_to_server(empty, server)
        events_service_pb2_grpc.add_EventsServicer_to_server(empty, server)
        worker_service_pb2_grpc.add_WorkerServicer_to_server(empty, server)
        server.add_insecure_port(address)
        await server.start()
        ready.set()
        await server.wait_for_termination()

    asyncio.run(run())


def warm(count: int) -> Row:
    """The sum of the raw calls of one hello: four of the client, a stream, one to the worker."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        address = f"unix://{Path(folder) / 'raw.sock'}"
        ready = context.Event()
        server = context.Process(target=_serve, args=(address, ready), daemon=True)
        server.start()
        try:
            assert ready.wait(30), "the raw server did not start"
            with grpc.insecure_channel(address) as channel:
                results = results_service_pb2_grpc.ResultsStub(channel)
                tasks = tasks_service_pb2_grpc.TasksStub(channel)
                events = events_service_pb2_grpc.EventsStub(channel)
                worker = worker_service_pb2_grpc.WorkerStub(channel)

                def hello() -> None:
                    results.CreateResults(results_common_pb2.CreateResultsRequest())
                    results.CreateResultsMetaData(results_common_pb2.CreateResultsMetaDataRequest())
                    tasks.SubmitTasks(tasks_common_pb2.SubmitTasksRequest())
                    list(events.GetEvents(events_common_pb2.EventSubscriptionRequest()))
                    worker.Process(worker_common_pb2.ProcessRequest())
                    list(results.DownloadResultData(results_common_pb2.DownloadResultDataRequest()))

                for _ in range(20):
                    hello()
                times = [seconds(hello) * 1000 for _ in range(count)]
        finally:
            server.terminate()
            server.join()
    return Row("warm hello", "raw gRPC calls", "ms", times, more={"p99": percentile(times, 99)})
