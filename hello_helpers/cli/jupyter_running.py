"""Does a JupyterLab run on this folder already?

Jupyter's own `list_running_servers` does the first half of it, but is slow to import, and takes any
living process for the server that once had its number.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 2.0


def find_running(folder: Path, page: str) -> str | None:
    """Return the address of `page` in a JupyterLab that serves `folder` and answers, or None."""
    for server in _servers():
        try:
            same = Path(server["root_dir"]).resolve() == folder.resolve()
            if same and _answers(server["url"], server["token"]):
                return f"{server['url']}{page}?token={server['token']}"
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
