"""The laptops that a kit can be for: what pip, and the packages, want to know about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OLDEST_GLIBC, NEWEST_GLIBC = 5, 28
"""Wheels for Linux name the glibc (2.x) that they need; 2.28 is that of Debian 10 and Red Hat 8."""


@dataclass(frozen=True)
class System:
    """A kind of laptop.

    Attributes:
        title: what people call it.
        name: what `platform.system()` says there.
        machine: what `platform.machine()` says there.
        markers: what else packages may ask about it, and the answers.
        tags: the platforms of wheels that run there, as pip is told them.
    """

    title: str
    name: str
    machine: str
    markers: Mapping[str, str]
    tags: Sequence[str]


def _linux(machine: str) -> System:
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)]
    markers = {"os_name": "posix", "sys_platform": "linux"}
    return System(
        f"Linux ({machine})", "Linux", machine, markers, [*tags, f"manylinux2014_{machine}"]
    )


def _macos(title: str, machine: str) -> System:
    markers = {"os_name": "posix", "sys_platform": "darwin"}
    return System(title, "Darwin", machine, markers, [f"macosx_12_0_{machine}"])


SYSTEMS = {
    "linux": _linux("x86_64"),
    "linux-arm": _linux("aarch64"),
    "windows": System(
        "Windows", "Windows", "AMD64", {"os_name": "nt", "sys_platform": "win32"}, ["win_amd64"]
    ),
    "macos": _macos("macOS on Apple silicon", "arm64"),
    "macos-intel": _macos("macOS on Intel", "x86_64"),
}
"""By the word of the command line."""


@dataclass(frozen=True)
class Laptop:
    """What one list of wheels is for: a Python ("3.12") on a system."""

    system: System
    python: str

    def __str__(self) -> str:
        return f"Python {self.python} on {self.system.title}"

    @property
    def full_python(self) -> str:
        """The first release of it, as pip takes it: that one needs most backports."""
        return f"{self.python}.0"

    @property
    def list_name(self) -> str:
        """The name of its file of requirements; the installer on the stick makes the same one."""
        return f"{self.system.name}-{self.system.machine}-{self.python}.txt".lower()

    def environment(self) -> dict[str, str]:
        """What the markers of packages are compared with."""
        return {
            **self.system.markers,
            "platform_system": self.system.name,
            "platform_machine": self.system.machine,
            "platform_release": "",
            "platform_version": "",
            "python_version": self.python,
            "python_full_version": self.full_python,
            "implementation_name": "cpython",
            "implementation_version": self.full_python,
            "platform_python_implementation": "CPython",
        }

    def pip_options(self) -> list[str]:
        """Have pip take wheels for it."""
        options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={self.python}"]
        return [*options, *(f"--platform={tag}" for tag in self.system.tags)]
