"""The sheet, which tells the whole course on one page, says what ArmoniK has and does."""

import ast
import html
import inspect
import re
from pathlib import Path

import armonik.client
import grpc
import pytest
from armonik.common import ResultStatus, SessionStatus, TaskDefinition, TaskStatus
from armonik.worker import TaskHandler

from hello_helpers.course.outlook import SHEET
from hello_helpers.display.signs import LOOKS, State
from hello_helpers.embedded import EmbeddedArmonik
from tests.commands import pasted
from tests.store_notebooks import NOTEBOOKS

TEXT = (NOTEBOOKS / SHEET).read_text("utf-8")


def part(name: str) -> str:
    """Return what stands in the element of this id."""
    found = re.search(rf'<(\w+) id="{name}">(.*?)</\1>', TEXT, re.DOTALL)
    assert found, name
    return found[2]


def plain(text: str) -> str:
    return html.unescape(re.sub("<[^>]+>", "", text))


def codes(text: str) -> list[str]:
    return [plain(code) for code in re.findall("<code>(.*?)</code>", text, re.DOTALL)]


def rows(name: str) -> dict[str, str]:
    """Return the rows of a table; the names in the first column may share one."""
    found = re.findall("<tr><th>(.*?)</th><td>(.*?)</td>", part(name), re.DOTALL)
    return {one: plain(text) for names, text in found for one in plain(names).split(", ")}


@pytest.mark.parametrize(
    ("status", "never_met"),
    [
        (TaskStatus, {"UNSPECIFIED"}),
        (ResultStatus, {"UNSPECIFIED", "NOTFOUND"}),
        (SessionStatus, {"UNSPECIFIED"}),
    ],
)
def test_it_tells_every_state_with_the_sign_of_the_pictures(
    status: type[TaskStatus | ResultStatus | SessionStatus], never_met: set[str]
) -> None:
    told = rows(status.__name__)
    assert sorted(told) == sorted(State(name) for name in status.__members__.keys() - never_met)
    if status is TaskStatus:
        assert [said for said in told if LOOKS[said[2:]].word not in told[said]] == []


def test_the_errors_are_codes_of_grpc() -> None:
    assert len(rows("StatusCode")) > 5
    assert rows("StatusCode").keys() <= grpc.StatusCode.__members__.keys()


def test_each_call_is_one_that_armonik_takes() -> None:
    classes = {
        name.removeprefix("ArmoniK").lower(): kind for name, kind in vars(armonik.client).items()
    }
    found = codes(part("calls"))
    kind: type = object
    for code in found:
        tree = ast.parse(code, mode="eval").body
        match tree:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                kind = classes[name]
                signature, itself = inspect.signature(getattr(kind, method)), [None]
            case ast.Call(func=ast.Name(id="TaskDefinition")):
                signature, itself = inspect.signature(TaskDefinition), []
            case ast.Name(id="True"):
                continue
            case ast.Name(id=method):  # as the call before it
                assert list(inspect.signature(getattr(kind, method)).parameters)[1] == "session_id"
                continue
            case ast.Constant(value=True):
                continue
            case _:
                raise AssertionError(code)
        signature.bind(*itself, *tree.args, **{word.arg: word.value for word in tree.keywords})
    assert len(found) > 20


def test_all_else_of_a_worker_is_there() -> None:
    told = {code for code in codes(TEXT) if re.fullmatch(r"task\.\w+", code)}
    there = {*dir(TaskHandler), *re.findall(r"self\.(\w+)", inspect.getsource(TaskHandler))}
    assert len(told) == 5
    assert {code.partition(".")[2] for code in told} <= there


@pytest.mark.embedded_only
def test_its_client_and_its_worker_run_as_they_stand(tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(plain(part("worker")))
    with EmbeddedArmonik({"default": f"python {worker}"}, pods=1) as armonik:
        client = plain(part("client")).replace("http://host:5001", armonik.endpoint)
        assert pasted(client) == "Hello, Ada!\n"
