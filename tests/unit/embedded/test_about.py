"""What the embedded ArmoniK tells of itself."""

import re

import pytest

from hello_helpers.embedded.control_plane.about import core_version


@pytest.mark.parametrize(
    ("own", "numbers"),
    [("0.2.0", "0.2.0"), ("1.2", "1.2.0"), ("3", "3.0.0"), ("1.2.3.4", "1.2.3")]
    + [(f"1.2{end}", "1.2.0") for end in ("rc1", ".dev3", "a1.post2", "+local.7")],
)
def test_its_version_is_three_numbers_and_a_build(own: str, numbers: str) -> None:
    told, build = core_version("hello-armonik", own).split("+")
    assert told == numbers
    assert re.fullmatch(r"[0-9a-f]{40}", build)


def test_another_version_is_another_build_and_the_same_one_is_not() -> None:
    versions = ["1.2", "1.2.0", "1.2rc1", "1.2.dev1"]
    first, second = ([core_version("hello-armonik", one) for one in versions] for _ in range(2))
    assert first == second
    assert len({version.split("+")[1] for version in first}) == len(versions)
