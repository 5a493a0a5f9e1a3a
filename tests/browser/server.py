"""A JupyterLab server as a real process, in folders of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import v4
from websocket import create_connection

from hello_helpers.cli.lab import jupyter_environment
from tests.commands import CLI
from tests.isolation import environment

SECONDS_TO_START = 60  # a busy machine imports slowly
SECONDS_TO_STOP = 15
SECONDS_TO_SAY = 100  # what is given in a terminal

# The tests steer JupyterLab through its own commands; the port is a free one.
FOR_TESTS = ("--no-browser", "--LabApp.expose_app_in_browser=True", "--ServerApp.port=0")


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = v4.new_notebook(cells=[v4.new_code_cell(c) for c in cells], metadata=metadata)
    nbformat.write(notebook, path)


class JupyterServer:
    """A running server; `url` ends in a slash, `token` opens it. Use it as a context manager."""

    def __init__(self, command: Sequence[str], home: Path, cwd: Path | None = None) -> None:
        """Start `command` (that becomes JupyterLab) with all its own files in `home`."""
        self.home = home
        self.variables = environment(home)
        self.log = home / "jupyterlab.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *FOR_TESTS],
                env={**jupyter_environment(), **self.variables},
                cwd=cwd or home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.url, self.token = self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self) -> tuple[str, str]:
        """Wait for the file in which the server tells its address, and for its first answer."""
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                info = self.runtime() / f"jpserver-{self.process.pid}.json"
                known = json.loads(info.read_text())
                self.url, self.token = known["url"], known["token"]
                self.ask("GET", "api/status")
            except (OSError, ValueError):
                time.sleep(0.05)  # neither a file nor a port tells when it appears
            else:
                return self.url, self.token
        raise AssertionError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def runtime(self) -> Path:
        """Return the folder of Jupyter's files about what runs."""
        return Path(self.variables["JUPYTER_RUNTIME_DIR"])

    def ask(self, method: str, path: str) -> Any:
        """Call the server's REST interface; return the JSON of the answer, None if it is empty."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def end_kernels(self) -> None:
        """End every kernel, so that the next notebook starts in a fresh one."""
        for session in self.ask("GET", "api/sessions"):
            self.ask("DELETE", f"api/sessions/{session['id']}")

    def processes(self) -> list[psutil.Process]:
        """Return all processes whose files are in this server's folders: itself, kernels, more."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("IPYTHONDIR") == self.variables["IPYTHONDIR"]:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def kill(self) -> None:
        """Kill the server so that it cannot clean up anything."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Ask the server to end, and wait for it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> JupyterServer:
        """Return itself: it runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.close()


def told_in_terminal(url: str, token: str, name: str, command: str) -> str:
    """Give a command in a terminal of a server that is at `url`; return what it says."""
    terminal = create_connection(
        f"{url.replace('http', 'ws', 1)}terminals/websocket/{name}",
        SECONDS_TO_SAY,
        header=[f"Authorization: token {token}"],
        suppress_origin=True,
    )
    terminal.send(json.dumps(["stdin", f"{command}; echo that is $((6 * 7))\r"]))
    shown = ""
    while "that is 42" not in shown:
        kind, *rest = json.loads(terminal.recv())
        shown += rest[0] if kind == "stdout" else ""
    terminal.close()
    return shown


def learners_server(home: Path) -> JupyterServer:
    """Start JupyterLab as a learner does, on a copy of the lessons in the folder ``mine``."""
    return JupyterServer([*CLI, "lab", "--dir", str(home / "mine")], home, cwd=home)
