"""What all forms do, whatever they are about: threads, errors, Cancel, and what is shown."""

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
from hello_helpers.forms import field as field_module
from hello_helpers.forms import html
from hello_helpers.forms.base import Form
from hello_helpers.forms.field import Field, Input


class DoubleForm(Form[int]):
    """Doubles a number, when it is let go."""

    title = "A number to double"
    deed = "Double it"

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


def test_a_bad_value_is_told_below_its_field_and_nothing_is_started_until_it_is_mended(eager):
    eager.number.value = "many"
    eager.run.click()
    assert "n must be a whole number" in eager._number.problem.value
    assert "Nothing was sent" in eager.status.value
    assert not eager.threads
    with pytest.raises(InputError, match="whole number"):
        eager.wait(10)
    eager.number.value = "1"
    assert eager.status.value == "", "no line points to a problem any more"
    eager.run.click()
    assert (eager.wait(10), eager.error) == (2, None)


@pytest.mark.usefixtures("problems_at_once")
def test_a_bad_value_is_told_when_the_field_is_left_and_a_good_one_clears_it(form):
    form.number.value = "many"
    assert "whole number" in form._number.problem.value
    told = form._number.problem.value
    form.number.value = "7"
    assert form._number.problem.value == html.unseen(told)  # its room stays: no button may move
    form.number.value = "8"
    assert form._number.problem.value == html.unseen(told)
    form.go_on.set()
    form.run.click()
    assert form._number.problem.value == ""


@pytest.mark.parametrize(("typed", "result"), [("4", 8), ("21", 42)], ids=["new", "as it was"])
def test_the_enter_key_runs_the_form_with_the_text_that_comes_after_it(eager, typed, result):
    as_a_browser = {"method": "custom", "content": {"event": "submit"}}
    eager.number._handle_msg({"content": {"data": as_a_browser}, "buffers": []})
    eager.number.value = typed
    assert eager.begun.wait(10)
    assert eager.wait(10) == result


def test_a_problem_comes_a_moment_after_a_field_was_left_so_that_no_button_moves_under_a_press(
    form, monkeypatch
):
    monkeypatch.setattr(field_module, "TELL_SECONDS", 0.2)
    told = threading.Event()
    form._number.problem.observe(lambda _: told.set(), "value")
    form.number.value = "many"
    assert form._number.problem.value == ""
    assert told.wait(10)
    assert "whole number" in form._number.problem.value


def test_a_bad_value_takes_away_the_result_of_before_which_is_no_answer_to_it(eager):
    eager.wait(10)
    assert "Doubling 21." in eager.status.value
    eager.number.value = "22"
    assert "Doubling 21." in eager.status.value
    eager.number.value = "many"
    assert eager.status.value == ""


@pytest.mark.usefixtures("problems_at_once")
def test_a_field_mended_while_the_enter_key_has_it_read_is_not_complained_of(form):
    def slow_parse(text: str) -> int:
        if text == "four" and not edits:
            edits.append(threading.Thread(target=setattr, args=(form.number, "value", "4")))
            edits[0].start()
            edits[0].join(0.5)  # the edit is told when this is over; it would be told now if not
        return parse_count(text)

    edits: list[threading.Thread] = []
    form.number.value = "four"
    told = form._number.problem.value
    form._number._parse = slow_parse
    form.run.click()
    edits[0].join(10)
    assert form._number.problem.value == html.unseen(told)
    assert form.status.value == ""


def test_a_remark_on_a_good_value_comes_when_it_is_used_and_goes_with_it():
    field = Field("Number", parse_count, note=lambda text: f"That is {text}." if text else "")
    field.input.value = "7"
    assert field.problem.value == ""  # not when the field is left: no button may move
    field.read()
    assert "That is 7." in field.problem.value
    assert not field.is_bad
    field.input.value = "seven"
    assert "That is" not in field.problem.value
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
    assert len(html.code("1, " * 100_000)) < 30_000
