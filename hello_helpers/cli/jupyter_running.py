"""Does a JupyterLab run on this folder already?

Jupyter's own `list_running_servers` does the first half of it, but is slow to import, and takes any
living process for the server that once had its number.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 2.0


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

        All that have a value here, if its own variables cannot be read: not everywhere is /proc,
        and not everybody may read it.
        """
        here = {name: os.environ.get(name, "") for name in names}
        try:
            there = _variables(self.pid)
        except OSError:
            return [name for name, value in here.items() if value]
        return [name for name, value in here.items() if there.get(name, "") != value]


def _variables(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    pairs = (os.fsdecode(entry).partition("=") for entry in entries if entry)
    return {name: value for name, _, value in pairs}


def find_running(folder: Path, page: str) -> RunningJupyter | None:
    """Return a JupyterLab that serves `folder` and answers, or None; `page` is its first page."""
    for server in _servers():
        try:
            same = Path(server["root_dir"]).resolve() == folder.resolve()
            if same and _answers(server["url"], server["token"]):
                address = f"{server['url']}{page}?token={server['token']}"
                return RunningJupyter(address, int(server["port"]), int(server["pid"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it has ended, or is none that can be looked at
    return None


def _servers() -> Iterator[dict[str, Any]]:
    """Yield what the servers of this user have written about themselves."""
    from jupyter_core.paths import jupyter_runtime_dir

    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            server = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(server, dict):
            yield server


def _answers(url: str, token: str) -> bool:
    request = urllib.request.Request(
        f"{url}api/status", headers={"Authorization": f"token {token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=ANSWER_SECONDS) as answer:
        return bool(answer.status == 200)
