"""The wheels of a kit: which ones a laptop needs that is not this one, and how they are had.

pip does the choosing and the fetching, with whatever index, proxy and cache it is set up for here.
But for another system or Python it still asks the markers of packages (`; os_name == "nt"`) about
this one. So what it has chosen is looked through here with the laptop's markers: what lacks is
asked for in a next round, and what is not needed is left out. What is left is written down with its
hashes, in pip's own form (a file of requirements): with it pip fetches here, and installs there.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from hello_helpers.cli.laptops import Laptop
from hello_helpers.errors import HelloError

ROUNDS = 5
"""How often pip is asked for what was found to lack; one or two are usual."""

UNREACHABLE = re.compile(r"total=0,.* connection broken by '(.+)': ")
"""What pip says when it has tried for the last time."""


class KitError(HelloError):
    """A kit cannot be made, or is not whole."""


@dataclass(frozen=True)
class Package:
    """One that pip has chosen.

    Attributes:
        name: in its canonical form.
        version: as its wheel says it.
        sha256: of its wheel.
        needs: its requirements.
        pythons: the versions of Python that it is for, as a specifier; "" for any.
    """

    name: str
    version: str
    sha256: str
    needs: Sequence[str] = ()
    pythons: str = ""

    def line(self) -> str:
        """Return it as pip reads it from a file of requirements."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


def choose(wheel: Path, laptop: Laptop) -> list[Package]:
    """Return what a laptop needs for the course in `wheel`, and pip itself; in order of names.

    Raises:
        KitError: if something cannot be had for it, or the index cannot be reached.
    """
    course = _course(wheel)
    wanted = [str(requirement) for requirement in _needs(course, frozenset(), laptop)]
    for _ in range(ROUNDS):
        packages = {course.name: course, **_resolve(["pip", *wanted], laptop)}
        needed, lacking = look_through(packages, laptop)
        if not lacking:
            return [packages[name] for name in sorted(needed)]
        wanted += lacking
    raise KitError(f"For {laptop}, no versions can be found that go together: {', '.join(wanted)}.")


def look_through(packages: Mapping[str, Package], laptop: Laptop) -> tuple[set[str], list[str]]:
    """Return which of the packages the course needs on a laptop, and the requirements that lack."""
    needed: set[str] = set()
    lacking: list[str] = []
    to_do = [Requirement("hello-armonik"), Requirement("pip")]
    seen: set[tuple[str, frozenset[str]]] = set()
    while to_do:
        requirement = to_do.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        package = packages.get(name)
        if package is None or not requirement.specifier.contains(package.version, prereleases=True):
            lacking.append(str(requirement))
        elif not SpecifierSet(package.pythons).contains(laptop.full_python):
            lacking.append(f"{name}!={package.version}")  # not every index tells pip before
        elif (name, extras) not in seen:
            seen.add((name, extras))
            needed.add(name)
            to_do += _needs(package, extras, laptop)
    return needed, lacking


def _needs(package: Package, extras: frozenset[str], laptop: Laptop) -> Iterator[Requirement]:
    environment = laptop.environment()
    for requirement in map(Requirement, package.needs):
        marker = requirement.marker
        if not marker or any(marker.evaluate({**environment, "extra": x}) for x in {"", *extras}):
            requirement.marker = None  # pip would ask it about this machine
            yield requirement


def _course(wheel: Path) -> Package:
    """Return what our own wheel says of itself."""
    (inside,) = importlib.metadata.distributions(name="hello-armonik", path=[str(wheel)])
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Package("hello-armonik", inside.version, sha256, inside.requires or ())


def _resolve(wanted: Sequence[str], laptop: Laptop) -> dict[str, Package]:
    """Let pip choose; nothing is installed."""
    with tempfile.TemporaryDirectory(prefix="hello-armonik-kit-") as folder:
        report = Path(folder) / "report.json"
        # --target is only demanded, and not used.
        options = ["--dry-run", "--ignore-installed", f"--target={folder}", f"--report={report}"]
        pip(["install", *options, *laptop.pip_options(), *wanted], f"for {laptop}")
        chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
    packages = map(_package, chosen)
    return {package.name: package for package in packages}


def _package(item: Mapping[str, Any]) -> Package:
    archive = item["download_info"]["archive_info"]
    sha256 = archive.get("hashes", {}).get("sha256") or archive["hash"].removeprefix("sha256=")
    about = item["metadata"]
    return Package(
        canonicalize_name(about["name"]),
        about["version"],
        sha256,
        about.get("requires_dist", ()),
        about.get("requires_python", ""),
    )


def fetch(requirements: Path, ours: Path, wheels: Path, laptop: Laptop) -> None:
    """Fetch what a file of requirements names, unless it is there with the right hash.

    Args:
        requirements: lines of `Package.line`.
        ours: the folder of our own wheel, which no index has.
        wheels: where they shall be.
        laptop: what they are for.

    Raises:
        KitError: if something cannot be fetched.
    """
    options = ["--no-deps", "--require-hashes", f"--dest={wheels}", f"--find-links={ours}"]
    what = f"--requirement={requirements}"
    pip(["download", *options, *laptop.pip_options(), what], f"for {laptop}")


def lacking(requirements: Path, digests: Mapping[str, Path]) -> list[str]:
    """Return the packages of a file of requirements whose SHA-256 is not among these."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return [line.partition(" ")[0] for line in lines if line.rpartition(":")[2] not in digests]


def digests_of(wheels: Path) -> dict[str, Path]:
    """Return the wheels of a folder by their SHA-256."""
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in wheels.glob("*.whl")}


def pip(arguments: Sequence[str], purpose: str) -> None:
    """Run this Python's pip.

    Raises:
        KitError: if it fails; its own words are told.
    """
    if importlib.util.find_spec("pip") is None:
        raise KitError(
            f"There is no pip in {sys.executable}, and pip collects the wheels.",
            f"{sys.executable} -m ensurepip brings it.",
        )
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-input"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--retries=2"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if not done.returncode:
        return
    told = done.stderr + done.stdout
    if unreachable := UNREACHABLE.search(told):
        reason = unreachable[1].rstrip("\"')").rpartition(": ")[2]
        raise KitError(
            f"The wheels {purpose} cannot be fetched: no package index is reached ({reason}).",
            "A kit is made where there is a network (behind a proxy, set HTTPS_PROXY). What has "
            "been fetched stays: the same command goes on from there.",
        )
    errors = re.findall(r"^ERROR: (?!Exception:)(.+)", told, re.MULTILINE)
    reasons = errors or told.splitlines()[-1:]  # of a traceback
    raise KitError(f"pip cannot get the wheels {purpose}:", "\n".join(reasons))
