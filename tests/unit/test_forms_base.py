"""What all forms do, whatever they are about: threads, errors, Cancel, and what is shown."""

import queue
import re
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import ipywidgets as widgets
import pytest
from IPython.core.formatters import DisplayFormatter

from hello_helpers.course.values import parse_count
from hello_helpers.errors import HelloError, InputError, WaitCancelledError, WaitTimeoutError
from hello_helpers.forms import buttons, html
from hello_helpers.forms import press as press_module
from hello_helpers.forms import shown as shown_module
from hello_helpers.forms.base import Form
from hello_helpers.forms.field import Field, Input


class DoubleForm(Form[int]):
    """Doubles a number, when it is let go."""

    title = "A number to double"
    deed = "Double it"
    doing = "Doubling"

    def _inputs(self) -> list[Input]:
        self.go_on = threading.Event()
        self.begun = threading.Event()
        self.threads: list[threading.Thread] = []
        self.job: Callable[[int], int] = lambda number: 2 * number
        self._number = Field("Number (pieces)", parse_count, "21")
        self.number = self._number.input
        return [self._number]

    def _prepare(self) -> Callable[[], int]:
        number = self._number.read()
        return lambda: self._double(number)

    def _double(self, number: int) -> int:
        self.threads.append(threading.current_thread())
        self._report(f"Doubling {number}.")
        self._show_code(f"print(2 * {number})")
        self.begun.set()
        assert self.go_on.wait(10)
        self._cancellation.check()
        return self.job(number)

    def _rows(self) -> list[tuple[str, str]]:
        return [("Number", self.number.value)]


@pytest.fixture
def form() -> DoubleForm:
    return DoubleForm()


@pytest.fixture
def eager() -> DoubleForm:
    """A form whose work does not wait for the test."""
    form = DoubleForm()
    form.go_on.set()
    return form


def test_a_click_starts_the_work_in_another_thread_and_returns_at_once(form: DoubleForm):
    form.run.click()
    assert form.begun.wait(10)
    assert form.result is None
    form.number.value = "many"  # which takes no progress away
    assert "Doubling 21." in form.status.value
    form.go_on.set()
    assert form.wait(10) == form.result == 42
    assert form.threads[0].daemon, "and so is not the main thread"


def test_buttons_work_from_any_thread_and_cancel_is_no_problem_with_and_without_work(form):
    form.cancel.click()
    assert "Nothing is running" in form.status.value
    for button in (form.run, form.cancel):
        with ThreadPoolExecutor() as pool:
            pool.submit(button.click)
        assert form.begun.wait(10)
    form.go_on.set()
    with pytest.raises(WaitCancelledError):
        form.wait(10)
    assert "Cancelled." in form.status.value
    assert "Problem" not in form.status.value


def test_clicks_at_the_same_time_start_one_work(form):
    barrier = threading.Barrier(8)

    def click(_: int) -> None:
        barrier.wait()
        form.run.click()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(click, range(8)))
    form.go_on.set()
    form.wait(10)
    assert len(form.threads) == 1
    assert "still running" in form.status.value


def test_a_form_runs_when_it_is_waited_for_and_can_be_used_again(eager):
    assert eager.wait(10) == 42
    eager.number.value = "4"
    eager.run.click()
    assert eager.wait(10) == 8
    assert "Doubling 21" not in eager.status.value


def test_a_click_takes_away_what_is_shown_of_the_run_before_even_if_nothing_is_sent(
    eager: DoubleForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[str] = []
    monkeypatch.setattr(eager, "_clear", lambda: cleared.append(eager.number.value))
    eager.wait(10)
    eager.number.value = "many"
    eager.run.click()
    assert cleared == ["21", "many"]


def test_a_bad_value_is_told_beside_the_button_and_nothing_is_started_until_it_is_mended(eager):
    eager.number.value = "many"
    eager.run.click()
    assert "n must be a whole number" in eager._number.says
    assert "Nothing was sent" in eager.status.value
    assert not eager.threads
    with pytest.raises(InputError, match="whole number"):
        eager.wait(10)
    eager.number.value = "1"
    assert eager.status.value == "", "no line points to a problem any more"
    eager.run.click()
    assert (eager.wait(10), eager.error) == (2, None)


def test_a_bad_value_is_told_when_the_field_is_left_and_a_good_one_clears_it(form):
    form.number.value = "many"
    assert "Problem with \N{LEFT DOUBLE QUOTATION MARK}Number\N{RIGHT DOUBLE QUOTATION MARK}" in (
        form.problems.value
    )
    assert "whole number" in form.problems.value
    assert "error" in form.number.layout.border_left
    form.number.value = "7"
    assert form.problems.value == ""
    assert "error" not in form.number.layout.border_left


def test_nothing_above_the_buttons_comes_or_goes_whatever_is_typed_and_run(form):
    above = form.box.children[: form.box.children.index(form._buttons.box)]
    assert above == (form.number,)
    before = form.number.layout.get_state() | {"border_left": None}
    form.number.value = "many"
    form.run.click()
    assert form.number.layout.get_state() | {"border_left": None} == before


class Browser:
    """Tells a form what a browser tells, in the order of the test."""

    def __init__(self, form: DoubleForm) -> None:
        self._form = form

    def tell(self, widget: widgets.Widget, **data: object) -> None:
        widget._handle_msg({"content": {"data": data}, "buffers": []})

    def press(self) -> None:
        self.tell(self._form.run, method="custom", content={"event": "click"})

    def enter(self) -> None:
        self.tell(self._form.number, method="custom", content={"event": "submit"})

    def type(self, text: str) -> None:
        self.tell(self._form.number, method="update", state={"value": text}, buffer_paths=[])

    def answer(self) -> None:
        state = {"value": self._form._press._question.value}
        self.tell(self._form._press._answer, method="update", state=state, buffer_paths=[])


@pytest.mark.parametrize("press", [Browser.press, Browser.enter])
def test_a_press_counts_with_what_was_typed_before_it_even_if_the_text_comes_later(eager, press):
    browser = Browser(eager)
    press(browser)
    assert eager.run.description == "Doubling: 0 s"  # it is seen at once
    browser.type("4")
    browser.answer()
    assert eager.begun.wait(10)
    assert eager.wait(10) == 8


def test_a_press_that_the_browser_says_no_more_of_counts_as_it_is(eager, monkeypatch):
    monkeypatch.setattr(press_module, "ANSWER_SECONDS", 0.01)
    Browser(eager).press()
    assert eager.begun.wait(10)
    assert eager.wait(10) == 42


def test_a_press_runs_the_form_once_also_if_a_cell_waits_before_the_browser_has_answered(eager):
    browser = Browser(eager)
    eager.wait(10)
    browser.type("5")
    browser.press()
    assert eager.wait(10) == 10, "not the result of before"
    browser.answer()
    assert len(eager.threads) == 2


def test_a_form_asks_the_browser_for_its_thread_and_has_all_its_messages_handled_there(form):
    form.cancel.send_state = Mock()
    browser = Browser(form)
    assert form._press._question.value == press_module.FIRST
    browser.answer()
    form.cancel.send_state.assert_not_called()  # the first answer may come in another one
    browser.answer()
    form.cancel.send_state.assert_called_once()


def test_what_was_over_before_it_could_be_cancelled_says_so_and_a_form_can_be_used_again(form):
    form.job = lambda number: form._cancellation.cancel() or number
    form.go_on.set()
    assert form.wait(10) == 21
    assert "It was over before it could be cancelled." in form.status.value
    form.job = lambda number: 3 * number
    form.run.click()
    assert form.wait(10) == 63


def test_the_button_says_what_it_does_and_for_how_long_and_keeps_its_width(form, monkeypatch):
    monkeypatch.setattr(buttons, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(buttons, "SECONDS", ": {:.2f} s")
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    form.run.observe(lambda change: said.put(change["new"]), "description")
    width = form.run.layout.width
    form.run.click()
    assert said.get(timeout=10) == "Doubling: 0.00 s"
    assert re.fullmatch(r"Doubling: 0\.\d\d s", said.get(timeout=10))
    form.cancel.click()
    while not said.get(timeout=10).startswith("Cancelling: "):
        pass
    form.go_on.set()
    with pytest.raises(WaitCancelledError):
        form.wait(10)
    assert (form.run.description, form.run.layout.width) == ("Double it", width)


def test_a_field_mended_while_it_is_read_is_not_complained_of(form):
    def slow_parse(text: str) -> int:
        if text == "four" and not edits:
            edits.append(threading.Thread(target=setattr, args=(form.number, "value", "4")))
            edits[0].start()
            edits[0].join(0.1)  # the edit is looked at when this is over; it would be now if not
        return parse_count(text)

    edits: list[threading.Thread] = []
    form.number.value = "four"
    form._number._parse = slow_parse
    form.run.click()
    edits[0].join(10)
    assert (form.problems.value, form.status.value) == ("", "")


def test_a_remark_on_a_good_value_comes_when_it_is_used_and_goes_with_it():
    field = Field("Number", parse_count, note=lambda text: f"That is {text}." if text else "")
    field.input.value = "7"
    field.look()
    assert field.says == ""
    field.read()
    assert "That is 7." in field.says
    assert not field.is_bad
    field.input.value = "seven"
    field.look()
    assert "That is" not in field.says
    assert field.is_bad


@pytest.mark.parametrize(
    ("error", "shown", "logged"),
    [
        (HelloError("It broke.", "Mend it."), ("It broke.", "Mend it."), ""),
        (ZeroDivisionError("by us"), ("ZeroDivisionError", "by us"), "ZeroDivisionError"),
    ],
)
def test_an_error_is_shown_and_raised_by_wait_and_one_of_ours_is_logged(
    eager, caplog, error, shown, logged
):
    eager.job = Mock(side_effect=error)
    eager.run.click()
    with pytest.raises(type(error)):
        eager.wait(10)
    assert [text for text in shown if text not in eager.status.value] == []
    assert eager.result is None
    assert (bool(caplog.text), logged in caplog.text) == (bool(logged), True)


def test_a_wait_that_is_too_short_says_so_and_the_work_goes_on(form):
    form.run.click()
    with pytest.raises(WaitTimeoutError, match=r"still running after 0\.05 seconds"):
        form.wait(0.05)
    form.go_on.set()
    assert form.wait(10) == 42


def test_the_stop_button_of_the_notebook_ends_the_work_too(form):
    def interrupt() -> None:
        assert form.begun.wait(10)
        signal.raise_signal(signal.SIGINT)

    with ThreadPoolExecutor() as pool:
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt) as caught:
            form.wait(10)
    assert str(caught.value) == (
        "Interrupted after 0 s while waiting for the form 'A number to double'."
        " It was here: Doubling 21."
    )
    assert caught.value.hint.startswith("It is cancelled, ")
    form.go_on.set()
    with pytest.raises(WaitCancelledError):
        form.wait(10)


def test_the_code_that_ran_is_kept_and_shown_and_the_text_of_a_form_never_changes(eager):
    before = repr(eager)
    eager.wait(10)
    assert repr(eager) == before == "<DoubleForm: A number to double>"
    assert eager.code == "print(2 * 21)"
    assert "print(2 * 21)" in eager.twin.value


def test_one_output_holds_the_widget_a_table_and_the_line(form):
    form.number.value = "<b>1</b>"
    bundle, _ = DisplayFormatter().format(form)
    assert len(bundle) == 3
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == form.box.model_id
    assert bundle["text/plain"] == repr(form)
    assert ">A number to double</caption>" in bundle["text/html"]
    assert "&lt;b&gt;1&lt;/b&gt;" in bundle["text/html"]


@pytest.mark.parametrize(("lines", "kind"), [(1, widgets.Text), (2, widgets.Textarea)])
def test_a_field_has_its_label_in_full_tells_when_it_is_left_and_may_keep_lines(lines, kind):
    shown = Field("A label of some length (seconds)", str, lines=lines).input
    assert type(shown) is kind  # only the latter keeps line breaks
    assert shown.description == "A label of some length (seconds)"
    assert shown.style.description_width == "max-content"
    assert not shown.continuous_update


def test_text_from_outside_is_escaped_wherever_it_is_shown():
    evil = "<img src=x onerror=alert(1)>"
    shown = html.progress([evil]) + html.problem(HelloError(evil, evil)) + html.code(evil)
    assert "<img" not in shown


def test_progress_and_problems_are_told_to_screen_readers_and_long_code_is_cut_off():
    assert 'role="status"' in html.progress(["Half way."])
    assert 'role="alert"' in html.problem(HelloError("Alas."))
    for shown in (html.code("1, " * 100_000), html.stored_code("1, " * 100_000)):
        assert len(shown) < 30_000
        assert "cut here" in shown
    assert [text.count("Copy</button>") for text in map(html.code, ("1", "1, " * 100_000))] == [
        1,
        0,
    ]


def test_where_nobody_sits_what_is_shown_of_a_form_tells_what_came_out(eager, monkeypatch):
    monkeypatch.setattr(shown_module, "get_ipython", Mock())
    shown = Mock()
    monkeypatch.setattr(shown_module, "display", shown)
    eager._ipython_display_()
    eager.number.value = "4"
    eager.wait(10)
    (updated,) = shown.return_value.update.call_args.args
    assert ">4</td>" in updated["text/html"]
    assert "In JupyterLab this is a form, with a button: Double it." in updated["text/html"]
