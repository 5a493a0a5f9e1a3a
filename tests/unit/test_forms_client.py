"""The client form: partitions of the ArmoniK that was typed last, however late others answer."""

import queue
import threading

import pytest

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.forms import option_fields
from hello_helpers.forms.client_form import ClientForm


class Slow:
    """ArmoniKs, called as their hosts, which tell their partitions when the test lets them."""

    def __init__(self) -> None:
        self.may_answer = {name: threading.Event() for name in ("first", "second")}
        self.asking: dict[str, queue.Queue[threading.Thread]] = {
            name: queue.Queue() for name in self.may_answer
        }

    def partitions(self, endpoint: Endpoint) -> list[str]:
        if endpoint.host in self.may_answer:
            self.asking[endpoint.host].put(threading.current_thread())
            assert self.may_answer[endpoint.host].wait(10)
        return [f"of {endpoint.host}"]

    def answer(self, name: str) -> None:
        """Let one answer, and return when that has been dealt with."""
        asking = self.asking[name].get(timeout=10)
        self.may_answer[name].set()
        asking.join(10)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(option_fields, "_partitions", slow.partitions)
    return slow


@pytest.fixture
def form(slow: Slow) -> ClientForm:  # noqa: ARG001
    form = ClientForm(Endpoint.parse("http://own:1"))
    assert form.partition.options == ("of own",)
    return form


def test_a_late_answer_of_an_address_typed_before_changes_nothing(
    form: ClientForm, slow: Slow
) -> None:
    form.address.value = "http://first:1"
    form.address.value = "http://second:1"
    slow.answer("second")
    assert form.partition.options == ("of second",)
    label = form.partition.description
    slow.answer("first")
    assert (form.partition.options, form.partition.description) == (("of second",), label)


def test_until_an_address_has_answered_the_usual_partition_is_offered(
    form: ClientForm, slow: Slow
) -> None:
    form.address.value = "http://first:1"
    asked = (form.partition.options, form.partition.description)
    assert asked == (("default",), "Partition (asking ...)")
    slow.answer("first")
    assert form.partition.options == ("of first",)
    form.address.value = ""
    own = "Partition (of ArmoniK at own)"
    for thread in threading.enumerate():
        if thread.name == "form: partitions":
            thread.join(10)
    assert (form.partition.options, form.partition.description) == (("of own",), own)


def test_no_answer_counts_for_an_address_that_is_none(form: ClientForm, slow: Slow) -> None:
    form.address.value = "http://first:1"
    form.address.value = "htp://first"
    slow.answer("first")
    assert form.partition.options == ("default",)
    assert form.partition.description == "Partition"
    assert "Problem with" in form.problems.value
