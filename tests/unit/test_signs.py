"""One colour, one sign and one word for each state, in whatever is shown."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from armonik.common import ResultStatus, SessionStatus, TaskStatus

import hello_helpers
from hello_helpers.display.signs import LOOKS, Look, State
from hello_helpers.display.tables import Table, text

WHITE, LIGHT, DARK = "#ffffff", "#ffffff", "#111111"
"""Of the letters, and of the ground of an output in JupyterLab's two themes."""

CHECKED = [Path(module) for module in hello_helpers.__path__]


def luminance(colour: str) -> float:
    """Return the relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2.2 defines it."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_each_state_that_armonik_knows_has_a_look_and_each_sign_one_state() -> None:
    names = {
        status.name for kind in (TaskStatus, ResultStatus, SessionStatus) for status in kind
    } - {"UNSPECIFIED"}
    assert names == set(LOOKS)
    assert all(look.word for look in LOOKS.values())
    signs = [look.sign for look in LOOKS.values()]
    assert len(set(signs)) == len(signs)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_it_can_be_read_on_light_and_on_dark_ground(look: Look) -> None:
    assert contrast(WHITE, look.colour) >= 4.5, "the sign and the name, in white upon the colour"
    assert min(contrast(look.colour, ground) for ground in (LIGHT, DARK)) >= 3, "a graphic"


def test_a_table_shows_a_state_in_its_colour_with_its_sign() -> None:
    table = Table("Tasks", ("status", "tasks"), [(State("ERROR"), "1"), ("<b>", "2")])
    shown = table._repr_html_()
    assert f"background-color: {LOOKS['ERROR'].colour}" in shown
    assert "\N{MULTIPLICATION X} ERROR</span></th>" in shown
    assert "&lt;b&gt;" in shown
    assert text(TaskStatus.ERROR) == State("ERROR")
    assert State("A_LATER_ONE") == "? A_LATER_ONE"


def colours() -> Iterator[tuple[str, str]]:
    for folder in CHECKED:
        for path in folder.rglob("*.py"):
            for found in re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8")):
                yield path.name, found


def test_no_other_module_has_a_colour_of_its_own() -> None:
    others = {pair for pair in colours() if pair[0] != "signs.py"}
    assert {colour for _, colour in others} <= {"#ffffff"}, "letters upon a colour of `signs`"
