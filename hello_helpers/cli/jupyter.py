"""What ``hello-armonik lab`` must know of Jupyter: its options, its own folders, and what runs."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

FAMILIAR = {"allow-root", "debug", "help", "help-all", "ip", "port", "version", "y"}
"""Options of JupyterLab that are known here, because a look into it takes a second or two."""


def unknown_option(options: Sequence[str]) -> str | None:
    """Return the first option that JupyterLab does not have, or None.

    To such an option it would answer with its whole usage, or not at all. What has a dot, as in
    ``--ServerApp.port=9000``, is left to JupyterLab.
    """
    names = {
        option: option.lstrip("-").partition("=")[0]
        for option in options
        if option.startswith("-") and option.strip("-")
    }
    unfamiliar = [
        option for option, name in names.items() if "." not in name and name not in FAMILIAR
    ]
    known = _known_options() if unfamiliar else set()
    return next((option for option in unfamiliar if names[option] not in known), None)


def _known_options() -> set[str]:
    from jupyter_server.serverapp import ServerApp
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    names: Iterable[str | tuple[str, ...]] = [
        name for app in (LabApp(), ServerApp()) for name in (*app.flags, *app.aliases)
    ]
    return {part for name in names for part in ([name] if isinstance(name, str) else name)}


def folders_elsewhere() -> dict[str, str]:
    """Return variables that move to a temporary folder what Jupyter could not write in its place.

    The home folder may not be writable: an image, a full quota. JupyterLab does not start without a
    runtime folder. Without the others a notebook is not trusted, settings are lost, and IPython
    complains.

    Raises:
        OSError: no temporary folder can be made either.
    """
    bad = [name for name, folder in _folders().items() if not _is_writable(folder)]
    if not bad:
        return {}
    elsewhere = Path(tempfile.mkdtemp(prefix="hello-armonik-jupyter-"))
    moved = {name: elsewhere / name.lower() for name in bad}
    for folder in moved.values():
        folder.mkdir(mode=0o700)
    return {name: str(folder) for name, folder in moved.items()}


def _folders() -> dict[str, str]:
    from jupyter_core import paths

    folders = {
        "JUPYTER_RUNTIME_DIR": paths.jupyter_runtime_dir(),
        "JUPYTER_DATA_DIR": paths.jupyter_data_dir(),
        "JUPYTER_CONFIG_DIR": paths.jupyter_config_dir(),
        "IPYTHONDIR": os.environ.get("IPYTHONDIR") or "~/.ipython",
    }
    for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"):
        if name in os.environ:  # else they are in the folder for configuration
            folders[name] = os.environ[name]
    return folders


def _is_writable(name: str) -> bool:
    """Tell whether files can be made in a folder, or the folder itself, if it is not there yet."""
    try:
        folder = Path(name).expanduser()
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    except (OSError, RuntimeError):  # RuntimeError: no home folder is known
        return False


@dataclass(frozen=True)
class RunningJupyter:
    """A JupyterLab that serves a folder.

    Attributes:
        address: of the first page, to open in a browser.
        port: by which ``jupyter server stop PORT`` finds it.
        pid: of its process.
    """

    address: str
    port: int
    pid: int

    def differing(self, names: Iterable[str]) -> list[str]:
        """Return which of these variables it was started with another value of, or without.

        All that have a value here, if its own variables cannot be read: not everybody may.
        """
        here = {name: os.environ.get(name, "") for name in names}
        try:
            there = psutil.Process(self.pid).environ()
        except (psutil.Error, ValueError):
            there = {}
        return [name for name, value in here.items() if there.get(name, "") != value]


def find_running(folder: Path, page: str) -> RunningJupyter | None:
    """Return a JupyterLab that serves `folder`, or None; `page` is its first page.

    One that asks for a password, or has a certificate of its own, would not answer us: so it is
    the system that is asked whether that very process listens at that port. Jupyter's own
    `list_running_servers` is slow to import, and takes any living process for the server that once
    had its number.
    """
    for server in _servers():
        try:
            same = Path(server["root_dir"]).resolve() == folder.resolve()
            port, pid, token = int(server["port"]), int(server["pid"]), server["token"]
            if same and _listens(pid, port):
                key = f"?token={token}" if token else ""
                return RunningJupyter(f"{server['url']}{page}{key}", port, pid)
        except (psutil.Error, OSError, ValueError, KeyError, TypeError):
            continue  # it has ended, or is none that can be looked at
    return None


def _servers() -> Iterator[Any]:
    """Yield what the servers of this user have written about themselves."""
    from jupyter_core.paths import jupyter_runtime_dir

    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        with contextlib.suppress(OSError, ValueError):
            yield json.loads(file.read_text(encoding="utf-8"))


def _listens(pid: int, port: int) -> bool:
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in psutil.Process(pid).net_connections("tcp")
    )
