"""The Results service."""

from __future__ import annotations

from collections.abc import AsyncIterator

from armonik.protogen.client.results_service_pb2_grpc import ResultsServicer
from armonik.protogen.common import results_common_pb2 as messages
from armonik.protogen.common.objects_pb2 import Empty

from ..data_plane import results as result_rows
from ..data_plane import sessions as session_rows
from ..data_plane.database import in_turns
from ..data_plane.fields import RESULTS
from ..data_plane.objects import CHUNK
from ..data_plane.results import NewResult
from ..data_plane.states import ResultStatus
from ..errors import FailedPrecondition, InvalidArgument, NotFound
from ..interceptor import Context
from .listing import list_messages
from .messages import result_raw
from .service import Service


class Results(Service, ResultsServicer):  # type: ignore[misc]
    """Creates results, takes and gives their data."""

    async def GetServiceConfiguration(
        self, _request: Empty, _: Context
    ) -> messages.ResultsServiceConfigurationResponse:
        """Tell how large a chunk of data may be, in bytes."""
        return messages.ResultsServiceConfigurationResponse(data_chunk_max_size=CHUNK)

    async def CreateResultsMetaData(
        self, request: messages.CreateResultsMetaDataRequest, context: Context
    ) -> messages.CreateResultsMetaDataResponse:
        """Create results without data: names for what tasks will produce."""
        self._require_owner(context, "session", [request.session_id])
        rows = result_rows.create(
            self._plane,
            request.session_id,
            [
                NewResult(result_rows.new_id(), result.name, result.manual_deletion)
                for result in request.results
            ],
        )
        return messages.CreateResultsMetaDataResponse(results=map(result_raw, rows))

    async def CreateResults(
        self, request: messages.CreateResultsRequest, context: Context
    ) -> messages.CreateResultsResponse:
        """Create results with their data: payloads and inputs."""
        self._require_owner(context, "session", [request.session_id])
        with self._plane.transaction():
            new = [
                NewResult(
                    result_rows.new_id(),
                    result.name,
                    result.manual_deletion,
                    owner_task_id=request.session_id,
                    opaque_id=self._plane.objects.put(result.data),
                    size=len(result.data),
                )
                for result in request.results
            ]
            rows = result_rows.create(self._plane, request.session_id, new)
        return messages.CreateResultsResponse(results=map(result_raw, rows))

    async def UploadResultData(
        self,
        requests: AsyncIterator[messages.UploadResultDataRequest],
        context: Context,
    ) -> messages.UploadResultDataResponse:
        """Take the data of a result, in chunks; the result is COMPLETED when all has come."""
        identifier: messages.UploadResultDataRequest.ResultIdentifier | None = None
        with self._plane.objects.writer() as writer:
            async for request in requests:
                if identifier is None:
                    if request.WhichOneof("type") != "id":
                        raise InvalidArgument("The first message of an upload must be the id")
                    identifier = request.id
                    self._require_owner(context, "result", [identifier.result_id])
                elif request.WhichOneof("type") == "data_chunk":
                    await writer.append(request.data_chunk)
                else:
                    raise InvalidArgument("Only the first message of an upload may be the id")
            if identifier is None:
                raise FailedPrecondition("Missing result metadata: the upload has no message")
            with self._plane.transaction() as tx:
                session_rows.get(self._plane, identifier.session_id)
                row = result_rows.get(self._plane, identifier.result_id)
                result_rows.complete(self._plane, tx, row, writer.finish(), writer.size)
                row = result_rows.get(self._plane, identifier.result_id)
        reply = result_raw(row)
        reply.ClearField("completed_at")  # as ArmoniK answers; GetResult has it
        return messages.UploadResultDataResponse(result=reply)

    async def DownloadResultData(
        self, request: messages.DownloadResultDataRequest, _: Context
    ) -> AsyncIterator[messages.DownloadResultDataResponse]:
        """Give the data of a COMPLETED result, in chunks; empty data may be no chunk at all."""
        row = result_rows.get(self._plane, request.result_id)
        if row["status"] != ResultStatus.COMPLETED:
            status = ResultStatus(row["status"]).name
            raise NotFound(f"Result data was not found: the result is {status}, not COMPLETED")
        async for chunk in self._plane.objects.read(row["opaque_id"]):
            yield messages.DownloadResultDataResponse(data_chunk=chunk)

    async def GetResult(
        self, request: messages.GetResultRequest, _: Context
    ) -> messages.GetResultResponse:
        """Return one result, without its data."""
        row = result_rows.get(self._plane, request.result_id)
        return messages.GetResultResponse(result=result_raw(row))

    async def ListResults(
        self, request: messages.ListResultsRequest, _: Context
    ) -> messages.ListResultsResponse:
        """Return a page of the results that match the filters."""
        return await list_messages(
            self._plane, request, RESULTS, result_raw, messages.ListResultsResponse, "results"
        )

    async def GetOwnerTaskId(
        self, request: messages.GetOwnerTaskIdRequest, _: Context
    ) -> messages.GetOwnerTaskIdResponse:
        """Tell which task produces each result; unknown results are passed over."""
        with self._plane.transaction() as tx:
            rows = result_rows.select(tx, request.result_id)
        return messages.GetOwnerTaskIdResponse(
            session_id=request.session_id,
            result_task=[
                messages.GetOwnerTaskIdResponse.MapResultTask(
                    result_id=row["result_id"], task_id=row["owner_task_id"]
                )
                for row in rows
            ],
        )

    async def DeleteResultsData(
        self, request: messages.DeleteResultsDataRequest, context: Context
    ) -> messages.DeleteResultsDataResponse:
        """Erase the data of results; unknown ones and those under manual deletion are kept."""
        self._require_owner(context, "result", request.result_id)
        async for some in in_turns(request.result_id):
            with self._plane.transaction() as tx:
                rows = result_rows.select(tx, some)
                result_rows.delete_data(self._plane, tx, rows)
        return messages.DeleteResultsDataResponse(result_id=request.result_id)

    async def ImportResultsData(
        self, request: messages.ImportResultsDataRequest, context: Context
    ) -> messages.ImportResultsDataResponse:
        """Point results at objects that are in the object storage already."""
        if not request.results:
            return messages.ImportResultsDataResponse()
        self._require_owner(context, "result", [each.result_id for each in request.results])
        rows = result_rows.import_objects(
            self._plane,
            request.session_id,
            [(result.result_id, result.opaque_id) for result in request.results],
        )
        return messages.ImportResultsDataResponse(results=map(result_raw, rows))
