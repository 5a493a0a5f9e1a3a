"""``hello-armonik class``: each of many has a certificate, and sessions of their own."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus
from armonik.protogen.client.auth_service_pb2_grpc import AuthenticationStub
from armonik.protogen.client.results_service_pb2_grpc import ResultsStub
from armonik.protogen.client.sessions_service_pb2_grpc import SessionsStub
from armonik.protogen.client.submitter_service_pb2_grpc import SubmitterStub
from armonik.protogen.client.tasks_service_pb2_grpc import TasksStub
from armonik.protogen.common import objects_pb2 as objects
from armonik.protogen.common import results_common_pb2 as results
from armonik.protogen.common import sessions_common_pb2 as sessions
from armonik.protogen.common import submitter_common_pb2 as submitter
from armonik.protogen.common import tasks_common_pb2 as tasks
from armonik.protogen.common.auth_common_pb2 import GetCurrentUserRequest

from hello_helpers import steps
from hello_helpers.__main__ import main
from hello_helpers.cli import lab
from hello_helpers.connect.class_file import ClassFile
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import explain
from hello_helpers.course.class_folder import ClassFolder
from hello_helpers.course.learners import learners
from hello_helpers.embedded import CLIENT_NAME, TlsFolder
from hello_helpers.errors import AccessDeniedError, TlsMismatchError
from hello_helpers.messages import Payload
from tests.class_server import SECONDS, ClassServer
from tests.soak.rehearsal import Pupil
from tests.unit.listeners import closed_port


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClassServer]:
    """A class of three."""
    base = tmp_path_factory.mktemp("class")
    (base / "names.txt").write_text("ada\n\ngrace\nadele\n")
    served = ClassServer(base / "c")
    with served.start("--host", "127.0.0.1", "--names", str(base / "names.txt")):
        yield served


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test set the variables that a class file sets; they are as before afterwards."""
    for name in lab.VARIABLES:
        monkeypatch.setenv(name, "")


def hello(channel: grpc.Channel) -> tuple[str, str, str]:
    """Send a task, and wait for its result; return ids: session, task, payload."""
    session_id = steps.create_session(channel)
    data = steps.create_payload(channel, session_id, Payload([1]))
    task_id = steps.submit_task(channel, session_id, data)
    steps.wait_for_result(channel, session_id, data.result_id, 30)
    return session_id, task_id, data.payload_id


# --- who is let in --------------------------------------------------------------------------------


def test_each_learner_is_known_by_their_own_certificate(served: ClassServer):
    for name, known_as in (("ada", "ada"), ("grace", "grace"), ("teacher", "armonik-client")):
        with served.at(name).open_channel() as channel:
            reply = AuthenticationStub(channel).GetCurrentUser(GetCurrentUserRequest(), timeout=10)
        assert reply.user.username == known_as


def test_without_a_certificate_or_with_a_foreign_one_nobody_gets_in(
    served: ClassServer, tmp_path: Path
):
    foreign = TlsFolder(tmp_path / "tls")
    foreign.prepare(["127.0.0.1"])
    url = served.at("ada").url
    ours = {"certificate_authority": str(served.folder / "tls" / "ca.pem")}
    for endpoint, files, words in (
        (url.replace("https", "http"), {}, "speaks TLS"),
        (url, ours, "wants a client certificate"),
        (url, {**foreign.client_files(), **ours}, "does not accept your client certificate"),
    ):
        with pytest.raises(TlsMismatchError, match=words):
            Endpoint.parse(endpoint, **files).check()


def test_one_who_is_signed_but_not_on_the_list_does_not_get_in(served: ClassServer, tmp_path: Path):
    """As the certificate that was replaced: its learner's name is on the list, with another."""
    authority = served.folder / "tls"
    for name in ("ada", "mallory"):
        issued = TlsFolder(authority).issue(name)
        pem = tmp_path / f"{name}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(pem)
        with pytest.raises(AccessDeniedError, match=f"The certificate of {name} is not"):
            Endpoint.parse(
                served.at("ada").url,
                certificate_authority=str(authority / "ca.pem"),
                client_certificate=str(pem),
            ).check()


def test_who_is_added_is_let_in_at_once_and_who_is_revoked_at_once_no_more(
    served: ClassServer, capsys: pytest.CaptureFixture[str]
):
    folder = str(served.folder)
    assert main(["class", "add", folder, "late"]) == 0
    with served.at("late").open_channel() as channel:
        session_id, *_ = hello(channel)
        kept = served.file("late").with_name("kept.env")
        shutil.copy(served.file("late"), kept)
        assert main(["class", "add", folder, "late"]) == 1
        assert "class revoke" in capsys.readouterr().err
        assert main(["class", "revoke", folder, "late"]) == 0
        with pytest.raises(grpc.RpcError) as caught:  # the connection stays; who calls is asked
            ArmoniKSessions(channel).get_session(session_id)
    assert "no longer, on the list" in explain(caught.value, None).message
    with pytest.raises(AccessDeniedError):
        ClassFile.read(kept).find(SECONDS)
    assert main(["class", "add", folder, "late"]) == 0  # a new certificate, the same learner
    with served.at("late").open_channel() as channel:
        ArmoniKSessions(channel).close_session(session_id)
    kept.unlink()
    assert main(["class", "revoke", folder, "late"]) == 0


@pytest.mark.parametrize(
    "name", ["", "a b", "../ada", "teacher", CLIENT_NAME, "ADA", "x" * 41, "nobody/"]
)
def test_a_name_that_is_none_or_is_taken_is_refused_in_words(
    served: ClassServer, name: str, capsys: pytest.CaptureFixture[str]
):
    before = sorted(served.folder.rglob("*.env"))
    assert main(["class", "add", str(served.folder), name]) == 1
    assert main(["class", "revoke", str(served.folder), "somebody"]) == 1
    assert "These are: ada, adele, grace." in capsys.readouterr().err
    assert sorted(served.folder.rglob("*.env")) == before


# --- the files ------------------------------------------------------------------------------------


def test_a_file_is_for_its_owner_and_holds_nothing_of_another(served: ClassServer):
    files = sorted(served.folder.rglob("*.env"))
    assert [file.stem for file in files] == ["ada", "adele", "grace", "teacher"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(served.folder.stat().st_mode) == 0o700
    texts = {file.stem: file.read_text() for file in files}
    keys = {text.partition("PRIVATE KEY-----")[2].partition("-----")[0] for text in texts.values()}
    assert len(keys) == 4
    assert (served.folder / "tls" / "ca-key.pem").read_text().split("\n")[1] not in "".join(
        texts.values()
    )
    assert "grace" not in texts["ada"]


@pytest.mark.usefixtures("environment")
def test_copied_elsewhere_under_another_name_it_still_works_and_is_closed_to_others(
    served: ClassServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    copy = tmp_path / "from mail (1).env"
    copy.write_bytes(served.file("ada").read_bytes().replace(b"\n", b"\r\n"))
    copy.chmod(0o644)
    assert main(["run", "--class", str(copy)]) == 0
    assert "Result : 45" in capsys.readouterr().out
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


@pytest.mark.usefixtures("environment")
def test_a_lab_with_a_file_is_told_whose_it_is_and_so_are_its_notebooks(
    served: ClassServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    began: list[dict[str, str]] = []
    monkeypatch.setattr(lab, "_become", lambda _, variables: began.append(variables) or 0)
    monkeypatch.setenv("HELLO_PARTITION", "another")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "grace.env"
    file.write_text("HELLO_RECORD=yes\n" + served.file("grace").read_text())
    command = ["lab", "--no-browser", "--dir", str(tmp_path / "mine"), "--class", str(file)]
    assert main(command) == 0
    told = capsys.readouterr().err
    assert "Your class: embedded ArmoniK at 127.0.0.1, as grace" in told
    assert "Your class keeps a record: your teacher sees" in told
    (variables,) = began
    assert variables["HELLO_LEARNER"] == "grace"
    assert variables["HELLO_PARTITION"] == "default"
    endpoint = Endpoint.find()  # as a notebook does, with these variables
    endpoint.check()
    assert endpoint.describe() == "embedded ArmoniK at 127.0.0.1, as grace"


@pytest.mark.usefixtures("environment")
def test_a_lab_whose_class_is_not_there_ends_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["lab", "--class", str(tmp_path / "ada.env")]) == 1
    assert "The class file 'ada.env' cannot be read" in capsys.readouterr().err


# --- whose sessions are ---------------------------------------------------------------------------


class Prey:
    """What somebody has made, whom others might disturb."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.session, self.task, self.payload = hello(channel)
        self.output = (
            ArmoniKResults(channel).create_results_metadata(["x"], self.session)["x"].result_id
        )
        self.other = ""


def session_call(method: str, **more: Any) -> Callable[[grpc.Channel, Prey], Any]:
    request = getattr(sessions, f"{method}Request")
    return lambda channel, prey: getattr(SessionsStub(channel), method)(
        request(session_id=prey.session, **more), timeout=SECONDS
    )


def result_call(
    method: str, make: Callable[[Prey], Any], *, stream: bool = False
) -> Callable[[grpc.Channel, Prey], Any]:
    def call(channel: grpc.Channel, prey: Prey) -> Any:
        request = make(prey)
        return getattr(ResultsStub(channel), method)(
            iter([request]) if stream else request, timeout=SECONDS
        )

    return call


def submit(prey: Prey, session_id: str) -> tasks.SubmitTasksRequest:
    creation = tasks.SubmitTasksRequest.TaskCreation(
        payload_id=prey.payload, expected_output_keys=[prey.output]
    )
    return tasks.SubmitTasksRequest(session_id=session_id, task_creations=[creation])


def submit_legacy(prey: Prey, session_id: str) -> submitter.CreateSmallTaskRequest:
    task = objects.TaskRequest(payload=b"x", expected_output_keys=[prey.output])
    return submitter.CreateSmallTaskRequest(
        session_id=session_id, task_requests=[task], task_options=objects.TaskOptions(priority=1)
    )


def upload(prey: Prey) -> results.UploadResultDataRequest:
    """Name one's own session, and a result of another."""
    id_ = results.UploadResultDataRequest.ResultIdentifier(
        session_id=prey.other, result_id=prey.output
    )
    return results.UploadResultDataRequest(id=id_)


CHANGES: dict[str, Callable[[grpc.Channel, Prey], Any]] = {
    "Sessions:PauseSession": session_call("PauseSession"),
    "Sessions:ResumeSession": session_call("ResumeSession"),
    "Sessions:CancelSession": session_call("CancelSession"),
    "Sessions:CloseSession": session_call("CloseSession"),
    "Sessions:PurgeSession": session_call("PurgeSession"),
    "Sessions:DeleteSession": session_call("DeleteSession"),
    "Sessions:StopSubmission": session_call("StopSubmission", client=True),
    "Tasks:SubmitTasks": lambda channel, prey: TasksStub(channel).SubmitTasks(
        submit(prey, prey.session), timeout=SECONDS
    ),
    "Tasks:SubmitTasks for an output of another": lambda channel, prey: TasksStub(
        channel
    ).SubmitTasks(submit(prey, prey.other), timeout=SECONDS),
    "Tasks:CancelTasks": lambda channel, prey: TasksStub(channel).CancelTasks(
        tasks.CancelTasksRequest(task_ids=[prey.task]), timeout=SECONDS
    ),
    "Results:CreateResults": result_call(
        "CreateResults", lambda prey: results.CreateResultsRequest(session_id=prey.session)
    ),
    "Results:CreateResultsMetaData": result_call(
        "CreateResultsMetaData",
        lambda prey: results.CreateResultsMetaDataRequest(session_id=prey.session),
    ),
    "Results:UploadResultData": result_call("UploadResultData", upload, stream=True),
    "Results:DeleteResultsData": result_call(
        "DeleteResultsData",
        lambda prey: results.DeleteResultsDataRequest(
            session_id=prey.other, result_id=[prey.payload]
        ),
    ),
    "Results:ImportResultsData": result_call(
        "ImportResultsData",
        lambda prey: results.ImportResultsDataRequest(
            session_id=prey.other,
            results=[
                results.ImportResultsDataRequest.ResultOpaqueId(
                    result_id=prey.output, opaque_id=b"x"
                )
            ],
        ),
    ),
    "Submitter:CancelSession": lambda channel, prey: SubmitterStub(channel).CancelSession(
        objects.Session(id=prey.session), timeout=SECONDS
    ),
    "Submitter:CreateSmallTasks": lambda channel, prey: SubmitterStub(channel).CreateSmallTasks(
        submit_legacy(prey, prey.session), timeout=SECONDS
    ),
    "Submitter:CreateSmallTasks for an output of another": lambda channel, prey: SubmitterStub(
        channel
    ).CreateSmallTasks(submit_legacy(prey, prey.other), timeout=SECONDS),
    "Submitter:CreateLargeTasks": lambda channel, prey: SubmitterStub(channel).CreateLargeTasks(
        iter(
            [
                submitter.CreateLargeTaskRequest(
                    init_request=submitter.CreateLargeTaskRequest.InitRequest(
                        session_id=prey.session
                    )
                )
            ]
        ),
        timeout=SECONDS,
    ),
    "Submitter:CancelTasks": lambda channel, prey: SubmitterStub(channel).CancelTasks(
        submitter.TaskFilter(task=submitter.TaskFilter.IdsRequest(ids=[prey.task])),
        timeout=SECONDS,
    ),
}

READS = ("Get", "List", "Count", "Download", "Watch", "WaitFor", "Check", "TryGet", "CreateSession")
"""How the methods begin that change nothing of anybody else's."""


def test_another_learner_cannot_change_a_session_or_what_is_in_it_by_any_call(served: ClassServer):
    with (
        served.at("ada").open_channel() as hers,
        served.at("grace").open_channel() as theirs,
    ):
        prey = Prey(hers)
        prey.other = steps.create_session(theirs)
        before = ArmoniKSessions(hers).get_session(prey.session)
        for name, call in CHANGES.items():
            with pytest.raises(grpc.RpcError) as caught:
                call(theirs, prey)
            assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED, name
            assert "belongs to ada, and you call as grace" in caught.value.details(), name
        assert ArmoniKSessions(theirs).get_session(prey.session).status == before.status  # to look
        assert ArmoniKTasks(theirs).get_task(prey.task).id == prey.task
        user = AuthenticationStub(hers).GetCurrentUser(GetCurrentUserRequest(), timeout=10).user
        known = {name.partition(" ")[0] for name in CHANGES}
        methods = [name for name in user.permissions if not name.startswith("General:")]
        forgotten = [
            name
            for name in methods
            if name not in known and not name.partition(":")[2].startswith(READS)
        ]
        assert forgotten == []
        ArmoniKSessions(hers).close_session(prey.session)


def test_the_teacher_can_and_nobody_can_change_what_is_the_teachers(served: ClassServer):
    with served.at("ada").open_channel() as hers, served.at("teacher").open_channel() as ours:
        prey = Prey(hers)
        assert ArmoniKSessions(ours).cancel_session(prey.session).status == SessionStatus.CANCELLED
        mine = steps.create_session(ours)
        with pytest.raises(grpc.RpcError, match="belongs to armonik-client"):
            ArmoniKSessions(hers).cancel_session(mine)


# --- later ----------------------------------------------------------------------------------------


def test_after_a_restart_at_another_address_all_is_there_and_no_file_is_new(tmp_path: Path):
    served = ClassServer(tmp_path / "c")
    with served.start("--host", "127.0.0.1", "--learners", "2", "--record") as board:
        assert "lab --class NAME.env\n" in board
        with served.at("learner-01").open_channel() as channel:
            session_id, *_ = hello(channel)
    files = {path: path.read_bytes() for path in served.folder.glob("learners/*.env")}
    assert {b"HELLO_RECORD=yes\n" in content for content in files.values()} == {True}
    assert "HELLO_RECORD" not in served.file("teacher").read_text()
    port, authority = ClassFolder(served.folder).port, served.folder / "tls" / "ca.pem"
    before = authority.read_bytes()
    with served.start("--host", "127.0.0.5", "--host", "class.invalid") as board:
        assert f"lab --class NAME.env --endpoint 127.0.0.5:{port}\n" in board
        assert {path: path.read_bytes() for path in served.folder.glob("learners/*.env")} == files
        file = ClassFile.read(served.file("learner-01"))
        for text in (f"127.0.0.5:{port}", None):  # None: as the file says; that leads here, too
            with file.find(SECONDS, text).open_channel() as channel:
                assert ArmoniKSessions(channel).get_session(session_id).session_id == session_id
    assert authority.read_bytes() == before


def test_a_second_start_shows_the_board_again(
    served: ClassServer, capsys: pytest.CaptureFixture[str]
):
    assert main(["class", "start", str(served.folder), "--port", str(closed_port())]) == 0
    assert served.at("teacher").port == served.at("ada").port  # the one that is served
    told = capsys.readouterr()
    assert "lab --class NAME.env\n" in told.out
    assert "It is served already, from another terminal." in told.err


def test_a_folder_with_other_things_and_a_class_of_nobody_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "thesis.txt").touch()
    assert main(["class", "start", str(tmp_path), "--learners", "2"]) == 1
    assert "There are other things in the folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert main(["class", "start", str(tmp_path / "c"), "--learners", "2", "--pods", "0"]) == 1
    assert "A partition has 1 to 256 pods, not 0" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()
    assert main(["class", "start", str(tmp_path / "c")]) == 1
    assert "--learners 30, or --names FILE" in capsys.readouterr().err
    for command in ("add", "revoke"):
        assert main(["class", command, str(tmp_path), "ada"]) == 1
        assert "is no folder of a class" in capsys.readouterr().err
    assert main(["class", "start", str(tmp_path / "d"), "--learners", "2", "--host", "a b"]) == 1
    assert "An endpoint has no blanks inside." in capsys.readouterr().err


def test_a_learner_with_a_certificate_can_do_lessons_00_to_05(served: ClassServer):
    pupil = Pupil(served.at("adele"), "adele")
    for _, cell in pupil.cells():
        cell()
    with served.at("teacher").open_channel() as channel:
        seen = {learner.name: learner for learner in learners(channel)}
    assert seen["adele"].lesson == "05"
    assert seen["adele"].failed == 1
    pupil.close()
