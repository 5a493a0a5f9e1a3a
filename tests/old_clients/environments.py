"""Environments with old releases of ArmoniK's library, one each, made once and kept.

They need the package index of the machine (of pip, as configured there) the first time only.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from filelock import FileLock

INSTALL_LIMIT = 200.0
"""Seconds that one command may take which makes an environment."""

_PINNED = ("grpcio==1.56.2", "protobuf<5")

RELEASES: Mapping[str, Sequence[str]] = {
    "3.12.0": (),
    # This release names its grpcio exactly, which has no wheel for later Pythons.
    "3.15.1": _PINNED if sys.version_info < (3, 12) else (),
    "3.19.0": (),
}
"""The releases, with what each needs that must not be as new as in the environment of the tests.

(They also name grpcio-tools, and do not use it.)
"""


def make_all(folder: Path) -> dict[str, Path]:
    """Return the interpreter of each release's environment; those that are missing are made.

    Args:
        folder: where environments are kept from run to run.

    Raises:
        subprocess.SubprocessError: there is no package index within reach, or it lacks something.
    """
    with ThreadPoolExecutor(len(RELEASES)) as pool:
        pythons = list(pool.map(lambda version: _make(folder, version), RELEASES))
    return dict(zip(RELEASES, pythons, strict=True))


def _make(folder: Path, version: str) -> Path:
    requirements = [f"armonik=={version}", *RELEASES[version]]
    place = folder / f"{version}-python{sys.version_info.major}.{sys.version_info.minor}"
    python, ready = place / "bin" / "python", place / "ready"
    with FileLock(f"{place}.lock"):  # two test runs may come here at once
        complete = ready.exists() and ready.read_text() == "\n".join(requirements)
        if not (complete and python.exists()):
            shutil.rmtree(place, ignore_errors=True)
            _install(place, python, requirements)
            (site,) = place.glob("lib/python*/site-packages")
            (site / "dependencies.pth").write_text(str(Path(grpc.__file__).parents[1]))
            ready.write_text("\n".join(requirements))
    return python


def _install(place: Path, python: Path, requirements: Sequence[str]) -> None:
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--retries", "1")
    for command in (
        (sys.executable, "-m", "venv", "--without-pip", str(place)),
        (
            *pip,
            "install",
            "--quiet",
            "--no-compile",
            "--only-binary",
            ":all:",
            "--no-deps",
            *requirements,
        ),
    ):
        subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=True)
