"""Every lesson, in the JupyterLab that ``hello-armonik lab`` opens."""

from functools import partial

import pytest

from tests.browser.conftest import Show
from tests.browser.forms import (
    CHECK,
    CLIENT,
    SEND,
    SPLIT,
    check_embedded,
    forms,
    run_client,
    send,
    split,
)
from tests.store_notebooks import NOTEBOOKS

pytestmark = pytest.mark.embedded_only

USES = {
    CHECK: check_embedded,
    SEND: partial(send, numbers="20 22", result="42"),
    CLIENT: run_client,
    SPLIT: split,
}

LONG = ("07", "09", "11", "12", "A_")
"""Lessons whose cells take longest; without a browser, they are run in each test run."""

LESSONS = [
    pytest.param(name, marks=pytest.mark.slow if name.startswith(LONG) else ())
    for name in sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
]


@pytest.fixture(scope="module")
def used() -> set[str]:
    """The kinds of forms that were used in any lesson so far."""
    return set()


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_from_top_to_bottom_and_its_forms_work(
    show: Show, used: set[str], name: str
) -> None:
    lesson = show(name)
    lesson.run_all()
    assert (lesson.errors(), lesson.not_run()) == ([], 0)
    for deed, use in USES.items():
        for form in forms(lesson, deed):
            use(form)
            used.add(deed)
    assert lesson.errors() == []
    assert lesson.accessibility_violations() == []
    lesson.screenshot()


def test_each_of_these_forms_has_been_used(used: set[str]) -> None:
    assert used == set(USES)
