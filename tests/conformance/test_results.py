"""Results: created, uploaded, downloaded, deleted, imported (statements 33 to 44)."""

import uuid

import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common.objects_pb2 import Empty
from armonik.protogen.common.results_common_pb2 import (
    CreateResultsMetaDataRequest,
    CreateResultsRequest,
    ImportResultsDataRequest,
    UploadResultDataRequest,
)
from grpc import StatusCode

from .driver import ArmoniK
from .waiting import fails_with, shows

MIB = 1 << 20


def import_data(armonik: ArmoniK, session_id: str, **opaque_ids: bytes):
    return armonik.results.ImportResultsData(
        ImportResultsDataRequest(
            session_id=session_id,
            results=[{"result_id": id_, "opaque_id": data} for id_, data in opaque_ids.items()],
        )
    ).results


@pytest.mark.statement(33)
def test_results_created_with_data_are_complete_and_owned_by_the_session(
    armonik: ArmoniK, session: str
):
    data = {"one": b"1", "two": b"22", "none": b""}
    named = [{"name": name, "data": content} for name, content in data.items()]
    request = CreateResultsRequest(session_id=session, results=named)
    reply = armonik.results.CreateResults(request)
    assert {result.name for result in reply.results} == set(data)
    for result in reply.results:
        assert str(uuid.UUID(result.result_id)) == result.result_id
        shows(
            result,
            status=ResultStatus.COMPLETED,
            session_id=session,
            owner_task_id=session,
            created_by="",
            size=len(data[result.name]),
        )
        assert result.completed_at.ToNanoseconds() >= result.created_at.ToNanoseconds() > 0
        assert armonik.result(result.result_id).size == result.size
        assert armonik.data(session, result.result_id) == data[result.name]


@pytest.mark.statement(34)
def test_results_created_without_data_are_distinct_even_by_the_same_name(
    armonik: ArmoniK, session: str
):
    names = ["same", "same", "other"]
    named = [{"name": name} for name in names]
    request = CreateResultsMetaDataRequest(session_id=session, results=named)
    reply = armonik.results.CreateResultsMetaData(request)
    assert [result.name for result in reply.results] == names
    assert len({result.result_id for result in reply.results}) == 3
    for result in reply.results:
        shows(
            result,
            status=ResultStatus.CREATED,
            session_id=session,
            owner_task_id="",
            created_at=...,
            completed_at=None,
            size=0,
        )


@pytest.mark.statement(35)
def test_an_upload_completes_a_result_and_releases_all_tasks_that_wait_for_it(
    armonik: ArmoniK, session: str
):
    missing = armonik.create_results(session, "missing")[0]
    waiting = [
        armonik.submit(session, ["dependencies"], ["report", 0], dependencies=[missing])
        for _ in range(3)
    ]
    for task in waiting:
        armonik.wait_task(task.task_id, TaskStatus.PENDING)
    uploaded = armonik.upload(session, missing, b"abc", b"", b"def")
    assert uploaded.result_id == missing
    shows(armonik.result(missing), status=ResultStatus.COMPLETED, size=6, completed_at=...)
    for task in waiting:
        assert armonik.report(task) == [["abcdef"]]


@pytest.mark.statement(36)
@pytest.mark.parametrize("deleted", [False, True])
def test_an_upload_replaces_data_and_brings_a_deleted_result_back(
    armonik: ArmoniK, session: str, deleted: bool
):
    result_id = armonik.create_data(session, b"the first, longer version")
    if deleted:
        armonik.delete_data(session, result_id)
    armonik.upload(session, result_id, b"the second")
    shows(armonik.result(result_id), status=ResultStatus.COMPLETED, size=10)
    assert armonik.data(session, result_id) == b"the second"


@pytest.mark.statement(37)
@pytest.mark.statement(40)
def test_an_unknown_session_or_result_is_not_found(armonik: ArmoniK, session: str):
    result_id, unknown = armonik.create_results(session, "result")[0], str(uuid.uuid4())
    for call, names in (
        (armonik.upload, (unknown, result_id, b"data")),
        (armonik.upload, (session, unknown, b"data")),
        (armonik.data, (session, unknown)),
        (armonik.result, (unknown,)),
    ):
        with fails_with(StatusCode.NOT_FOUND):
            call(*names)


@pytest.mark.statement(38)
@pytest.mark.parametrize(
    ("messages", "code", "words"),
    [
        ([UploadResultDataRequest(data_chunk=b"data")], StatusCode.INVALID_ARGUMENT, ""),
        ([], StatusCode.FAILED_PRECONDITION, "Missing result metadata"),
    ],
    ids=["data first", "no message at all"],
)
def test_an_upload_must_begin_with_an_id(
    armonik: ArmoniK, messages: list[UploadResultDataRequest], code: StatusCode, words: str
):
    with fails_with(code, saying=words):
        armonik.results.UploadResultData(iter(messages))


@pytest.mark.statement(39)
def test_an_upload_of_an_id_only_makes_an_empty_result(armonik: ArmoniK, session: str):
    result_id = armonik.create_results(session, "empty")[0]
    armonik.upload(session, result_id)
    shows(armonik.result(result_id), status=ResultStatus.COMPLETED, size=0)
    assert armonik.data(session, result_id) == b""


@pytest.mark.statement(40)
@pytest.mark.parametrize(
    "status", [ResultStatus.CREATED, ResultStatus.ABORTED, ResultStatus.DELETED]
)
def test_a_result_without_data_cannot_be_downloaded(
    armonik: ArmoniK, session: str, status: ResultStatus
):
    if status == ResultStatus.ABORTED:
        result_id = armonik.aborted_result(session)
    else:
        result_id = armonik.create_results(session, "result")[0]
    if status == ResultStatus.DELETED:
        armonik.upload(session, result_id, b"data")
        armonik.delete_data(session, result_id)
    assert armonik.result(result_id).status == status
    with fails_with(StatusCode.NOT_FOUND):
        armonik.data(session, result_id)


@pytest.mark.statement(41)
@pytest.mark.parametrize("way", ["one unary call", "an upload in chunks"])
def test_downloads_come_in_messages_that_every_client_accepts(
    armonik: ArmoniK, session: str, way: str
):
    data = bytes(range(256)) * (9 * MIB // 256)
    if way == "one unary call":
        result_id = armonik.create_data(session, data)
    else:
        result_id = armonik.create_results(session, "large")[0]
        armonik.upload(
            session, result_id, *(data[i : i + 2 * MIB] for i in range(0, 9 * MIB, 2 * MIB))
        )
    chunks = armonik.chunks(session, result_id)
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) < 4 * MIB - 64, "with its frame, a message is at most 4 MiB"
    assert armonik.result(result_id).size == len(data)


@pytest.mark.statement(42)
def test_deleting_data_ignores_unknown_ids_and_spares_those_deleted_by_hand(
    armonik: ArmoniK, session: str
):
    usual = armonik.create_data(session, b"usual")
    by_hand = armonik.create_data(session, b"by hand", manual_deletion=True)
    unknown = str(uuid.uuid4())
    reply = armonik.delete_data(session, usual, by_hand, unknown)
    assert set(reply.result_id) == {usual, by_hand, unknown}
    assert armonik.result(usual).status == ResultStatus.DELETED
    with fails_with(StatusCode.NOT_FOUND):
        armonik.data(session, usual)
    shows(armonik.result(by_hand), status=ResultStatus.COMPLETED, manual_deletion=True)
    assert armonik.data(session, by_hand) == b"by hand"


@pytest.mark.statement(43)
def test_both_services_propose_chunks_of_two_mebibytes(armonik: ArmoniK):
    assert armonik.results.GetServiceConfiguration(Empty()).data_chunk_max_size == 2 * MIB
    assert armonik.submitter.GetServiceConfiguration(Empty()).data_chunk_max_size == 2 * MIB


@pytest.mark.statement(44)
def test_data_can_be_imported_only_into_a_result_that_has_none(armonik: ArmoniK, session: str):
    there = armonik.create_data(session, b"there")
    opaque_id = armonik.result(there).opaque_id
    with fails_with(StatusCode.FAILED_PRECONDITION):
        import_data(armonik, session, **{there: opaque_id})
    assert armonik.data(session, there) == b"there"


@pytest.mark.statement(44)
def test_data_that_is_not_there_is_told_before_a_result_that_has_some(
    armonik: ArmoniK, session: str
):
    there = armonik.create_data(session, b"there")
    with fails_with(StatusCode.NOT_FOUND):
        import_data(armonik, session, **{there: b"no-such-object"})


@pytest.mark.statement(44)
def test_imported_data_completes_a_result_and_releases_tasks(armonik: ArmoniK, session: str):
    source = armonik.create_data(session, b"imported")
    missing = armonik.create_results(session, "missing")[0]
    task = armonik.submit(session, ["dependencies"], ["report", 0], dependencies=[missing])
    armonik.wait_task(task.task_id, TaskStatus.PENDING)
    reply = import_data(armonik, session, **{missing: armonik.result(source).opaque_id})
    assert [result.result_id for result in reply] == [missing]
    assert list(import_data(armonik, session)) == []
    assert armonik.report(task) == [["imported"]]
    assert armonik.result(missing).status == ResultStatus.COMPLETED


@pytest.mark.statement(44)
@pytest.mark.parametrize("unknown", ["session", "result", "opaque id"])
def test_importing_to_or_from_the_unknown_is_not_found(
    armonik: ArmoniK, session: str, unknown: str
):
    opaque_id = armonik.result(armonik.create_data(session, b"source")).opaque_id
    result_id = armonik.create_results(session, "target")[0]
    with fails_with(StatusCode.NOT_FOUND):
        import_data(
            armonik,
            str(uuid.uuid4()) if unknown == "session" else session,
            **{
                str(uuid.uuid4()) if unknown == "result" else result_id: (
                    b"no-such-object" if unknown == "opaque id" else opaque_id
                )
            },
        )
    assert armonik.result(result_id).status == ResultStatus.CREATED
