"""``hello-armonik kit``: all that a room without network needs, in a folder to take along."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from hello_helpers.cli.laptops import SYSTEMS, Laptop
from hello_helpers.cli.terminal import complain, fail, say
from hello_helpers.cli.wheels import (
    KitError,
    choose,
    digests_of,
    fetch,
    lacking,
    pip,
)

HELP = "for teachers: collect all that a room without network needs, for a USB stick"

THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

PROJECT = Path(__file__).parents[2]
"""The clone of the repository, if this runs in one."""

SOURCES = ("hello_helpers", "notebooks", "pyproject.toml", "README.md", "LICENSE")
"""What the course's own wheel is built from."""

FILES = Path(__file__).parent / "kit_files"
"""What lies on the stick as it is; `instructions.html` has places to be filled in."""

INSTALLER = "install.py"
"""By this file a folder is known to be a kit."""

LISTS, WHEELS = "requirements", "wheels"
"""Folders of a kit: what each laptop needs, with hashes; and what that is found in."""

NINETEEN_EIGHTY = "315532800"
"""When all in our wheel was made (seconds since 1970): the same files make the same wheel."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "The same command again brings the kit up to date, goes on after an interruption, and takes"
        " out what is not asked for any more."
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of the kit")
    parser.add_argument(
        "--python",
        metavar="X.Y",
        nargs="+",
        action="extend",
        help=f"Pythons of the laptops (default: {THIS_PYTHON}, as here)",
    )
    parser.add_argument(
        "--system",
        choices=SYSTEMS,
        nargs="+",
        action="extend",
        help="systems of the laptops (default: as here); on windows and macos the lessons need an"
        " ArmoniK elsewhere",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="fetch nothing: only look whether the kit in DIR is whole",
    )


def execute(args: argparse.Namespace) -> int:
    """Make the kit, or look at it; say what it holds."""
    folder: Path = args.folder.expanduser().absolute()
    try:
        if args.check:
            return _check(folder)
        laptops = _laptops(args.python or [THIS_PYTHON], args.system or [_this_system()])
        _collect(folder, laptops)
    except KitError as error:
        return fail(error)
    except OSError as error:
        where = error.filename or folder
        return fail(KitError(f"{where} cannot be read or written: {error.strerror or error}."))
    say(f"Take {folder} along. There, {folder / 'instructions.html'} says what to do.")
    return 0


def _laptops(pythons: Iterable[str], systems: Iterable[str]) -> list[Laptop]:
    """Return what to collect for.

    Raises:
        KitError: if a version is none, or the course does not run with it.
    """
    from packaging.specifiers import SpecifierSet

    needed = importlib.metadata.metadata("hello-armonik")["Requires-Python"]
    for version in pythons:
        if not re.fullmatch(r"\d+\.\d+", version):
            raise KitError(f"{version!r} is no version of Python; one is written as {THIS_PYTHON}.")
        if not SpecifierSet(needed).contains(version):
            raise KitError(f"The course needs Python {needed}: it does not run with {version}.")
    return [
        Laptop(SYSTEMS[system], version)
        for system in dict.fromkeys(systems)
        for version in dict.fromkeys(pythons)
    ]


def _this_system() -> str:
    """Return the word for this machine."""
    here = (platform.system(), platform.machine())
    for word, system in SYSTEMS.items():
        if (system.name, system.machine) == here:
            return word
    raise KitError(
        f"No kit is known for this machine ({' '.join(here)}).",
        f"Say which ones the laptops are: --system {' '.join(SYSTEMS)}",
    )


def _collect(folder: Path, laptops: Sequence[Laptop]) -> None:
    """Make the kit what `laptops` asks for."""
    if folder.exists() and not (folder / INSTALLER).exists() and any(folder.iterdir()):
        raise KitError(
            f"{folder} holds other files.", f"Name a folder of the kit's own: {folder / 'kit'}"
        )
    lists, wheels = folder / LISTS, folder / WHEELS
    for path in (folder, lists, wheels):
        path.mkdir(parents=True, exist_ok=True)
    _lay_out(folder, laptops)
    before = digests_of(wheels)
    with tempfile.TemporaryDirectory(prefix="hello-armonik-kit-") as temporary:
        ours = _own_wheel(Path(temporary))
        for laptop in laptops:
            complain(f"{laptop}: choosing what it needs ...")
            packages = choose(ours, laptop)
            complain(f"{laptop}: fetching {len(packages)} packages, unless they are there ...")
            new = lists / f"{laptop.list_name}.new"
            new.write_text("".join(f"{package.line()}\n" for package in packages), "utf-8")
            fetch(new, ours.parent, wheels, laptop)
            new.replace(lists / laptop.list_name)
    _take_out(lists, {laptop.list_name for laptop in laptops})
    listed = _report(folder)
    for path in set(wheels.glob("*.whl")) - set(listed.values()):
        path.unlink()
    say(f"{len(listed.keys() - before)} of the wheels are new.")


def _lay_out(folder: Path, laptops: Sequence[Laptop]) -> None:
    """Write what tells people and their machines how to install."""
    pythons = " or ".join(dict.fromkeys(laptop.python for laptop in laptops))
    systems = ", ".join(dict.fromkeys(laptop.system.title for laptop in laptops))
    for path in FILES.iterdir():
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            text = Template(text).substitute(pythons=pythons, systems=systems)
            (folder / path.name).write_text(text, encoding="utf-8")
        elif path.is_file():
            shutil.copyfile(path, folder / path.name)


def _take_out(lists: Path, wanted: set[str]) -> None:
    for path in lists.iterdir():
        if path.name not in wanted:
            path.unlink()


def _own_wheel(target: Path) -> Path:
    """Build the wheel of the course, which carries the lessons, from a copy of the clone.

    Raises:
        KitError: if there is no clone, or it cannot be built.
    """
    if not (PROJECT / "pyproject.toml").is_file():
        raise KitError(
            "A kit is made from a clone of the repository, and this was installed without one.",
            "Clone it, do Run of its README there, and give this command again from there.",
        )
    copy = target / "clone"
    for name in SOURCES:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(source, copy)
    os.environ["SOURCE_DATE_EPOCH"] = NINETEEN_EIGHTY
    pip(["wheel", "--no-deps", f"--wheel-dir={target}", str(copy)], "of the course itself")
    (wheel,) = target.glob("*.whl")
    return wheel


def _check(folder: Path) -> int:
    if not (folder / INSTALLER).exists():
        raise KitError(f"There is no kit in {folder}.", f"hello-armonik kit {folder} makes one.")
    _report(folder)
    return 0


def _report(folder: Path) -> dict[str, Path]:
    """Say what the kit holds, and return the wheels of it by their SHA-256.

    Raises:
        KitError: if wheels are missing or damaged.
    """
    digests = digests_of(folder / WHEELS)
    listed: dict[str, Path] = {}
    for path in sorted((folder / LISTS).glob("*.txt")):
        if missing := lacking(path, digests):
            raise KitError(
                f"For {path.stem}, missing or damaged: {', '.join(missing)}.",
                "The command that made the kit, given again, mends it.",
            )
        hashes = re.findall(r"sha256:(\w+)", path.read_text(encoding="utf-8"))
        found = {digest: digests[digest] for digest in hashes}
        say(f"{path.stem}: {len(found)} wheels, {_megabytes(found.values())}")
        listed |= found
    if not listed:
        raise KitError(f"The kit in {folder} is not finished.", "Give its command again.")
    say(f"{len(listed)} wheels, {_megabytes(listed.values())}; all hashes are right.")
    return listed


def _megabytes(paths: Iterable[Path]) -> str:
    return f"{sum(path.stat().st_size for path in paths) / 1e6:.0f} MB"
