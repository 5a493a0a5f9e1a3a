"""A real JupyterHub with the recipe of docs/hub: two learners, each in a browser of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from hello_helpers import exercises
from tests.browser.conftest import SIZE
from tests.browser.notebook import Notebook
from tests.browser.server import told_in_terminal
from tests.class_server import ClassServer
from tests.commands import CLI, finish
from tests.isolation import RUN

pytestmark = [pytest.mark.slow, pytest.mark.embedded_only, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]

SECONDS = 120

SOLVED = re.compile(r"^01 Open a channel +✓ right", re.MULTILINE)
"""In what `hello-armonik progress` says."""

# What a test needs beside the recipe: learners without accounts, free ports, a way to ask the Hub.
CONFIG = """
load_subconfig({recipe!r})
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.services.append({{"name": "tests", "api_token": {token!r}}})
c.JupyterHub.load_roles.append({{"name": "tests", "services": ["tests"],
    "scopes": ["admin:servers", "access:servers", "admin:users"]}})
c.Spawner.args += ["--LabApp.expose_app_in_browser=True", "--allow-root"]
c.Spawner.environment |= {{"HELLO_ARMONIK_DIR": "a", {run!r}: {folder!r}}}
"""

FILL_IN = """([dots, code]) => {
    for (const cell of jupyterapp.shell.currentWidget.content.model.cells) {
        const source = cell.sharedModel.getSource();
        if (cell.id.endsWith('-exercise')) cell.sharedModel.setSource(source.replace(dots, code));
    }
}"""


@dataclass(frozen=True)
class Hub:
    """One that runs."""

    url: str
    token: str
    homes: Path

    def ask(self, method: str, path: str) -> Any:
        """Call the REST interface of the Hub, or of a learner's server."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def running(self) -> set[str]:
        """Return the learners who have a server."""
        return {user["name"] for user in self.ask("GET", "hub/api/users") if user["server"]}

    def cull(self, name: str) -> None:
        """End a learner's server by the call that the culler makes."""
        self.ask("DELETE", f"hub/api/users/{name}/server")
        wait_until(lambda: name not in self.running(), f"the server of {name} is gone")

    def told_in_terminal(self, name: str, command: str) -> str:
        """Give a command in a terminal of a learner's JupyterLab; return what it says."""
        terminal = self.ask("POST", f"user/{name}/api/terminals")["name"]
        return told_in_terminal(f"{self.url}user/{name}/", self.token, terminal, command)


def wait_until(condition: Any, what: str) -> None:
    """Look again and again: a Hub tells nobody when it is ready."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if condition():
                return
        time.sleep(0.2)
    raise AssertionError(f"not in {SECONDS} s: {what}")


def install(folder: Path) -> None:
    """Install JupyterHub over the packages of the tests, and its proxy; skip if there is no way."""
    missing = [name for name in ("npm", "node") if not shutil.which(name)]
    if missing:
        pytest.skip(f"no {missing[0]} on this machine (Debian: apt-get install npm)")
    made = finish(sys.executable, "-m", "venv", "--symlinks", str(folder / "venv"))
    assert made.returncode == 0, made.stderr
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (tests,) = {path for path in sys.path if path.endswith("site-packages")}
    (site / "tests.pth").write_text(f"import site; site.addsitedir({tests!r})\n{ROOT}\n")
    for shared in ("bin/hello-armonik", "etc/jupyter", "share/jupyter"):
        (folder / "venv" / shared).parent.mkdir(exist_ok=True)
        (folder / "venv" / shared).symlink_to(Path(sys.prefix, shared))
    for words in (
        [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", *requirements()],
        ["npm", "install", "--silent", "--prefix", str(folder), "configurable-http-proxy@5"],
    ):
        done = finish(*words, timeout=300)
        if done.returncode:
            pytest.skip(f"cannot be installed here: {done.stderr[-300:]}")


def requirements() -> list[str]:
    """Return what the extra ``hub`` of pyproject.toml asks for."""
    (line,) = [x for x in (ROOT / "pyproject.toml").read_text().splitlines() if x[:3] == "hub"]
    return json.loads(line.partition("=")[2])


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A class that is served, in which grace is, and ada is not."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "names").write_text("grace\n")
    served = ClassServer(folder / "c")
    with served.start("--host", "127.0.0.1", "--names", str(folder / "names")):
        yield served.folder


@pytest.fixture(scope="module")
def hub(class_folder: Path) -> Iterator[Hub]:
    """The recipe, as it stands, with what a test needs."""
    with tempfile.TemporaryDirectory(prefix="ha-hub-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        install(folder)
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        ports = [each.getsockname()[1] for each in sockets]
        stack.close()
        token = os.urandom(16).hex()
        config = folder / "jupyterhub_config.py"
        config.write_text(
            CONFIG.format(
                recipe=str(ROOT / "docs" / "hub" / "jupyterhub_config.py"),
                homes=name,
                ports=ports,
                proxy=str(folder / "node_modules/.bin/configurable-http-proxy"),
                token=token,
                run=RUN,
                folder=os.environ[RUN],
            )
        )
        log = (folder / "log").open("w+")
        process = subprocess.Popen(
            [str(folder / "venv/bin/python"), "-m", "jupyterhub", "-f", str(config)],
            cwd=folder,
            env={**os.environ, "CLASS_FOLDER": str(class_folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        running = Hub(f"http://127.0.0.1:{ports[0]}/", token, folder)
        try:
            wait_until(lambda: running.ask("GET", "hub/api/"), "the Hub answers")
            yield running
        finally:
            process.terminate()
            process.wait(60)
            log.seek(0)
            print(log.read())


@contextlib.contextmanager
def logged_in(browser: BrowserContext, hub: Hub, name: str) -> Iterator[Page]:
    """Log in as a learner, in a browser that knows no other."""
    assert browser.browser
    context = browser.browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(f"{hub.url}hub/login")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in").click()
    yield page
    context.close()


def in_front(page: Page, hub: Hub, name: str) -> Notebook:
    """Return the notebook that a learner has before them."""
    notebook = Notebook(page, hub, False)  # type: ignore[arg-type]  # it has a url
    notebook.panel.locator(".jp-Cell").first.wait_for()
    page.wait_for_function("window.jupyterapp !== undefined")
    notebook.wait_for_kernel()
    assert f"/user/{name}/lab" in page.url
    return notebook


def solve(notebook: Notebook, number: str) -> None:
    """Fill in the exercise of a lesson, and run all of it."""
    solution = getattr(exercises, f"exercise_{number}").code
    (lesson,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    (dots,) = {
        line.strip()
        for cell in json.loads(lesson.read_text())["cells"]
        if cell["id"].endswith("-exercise")
        for line in cell["source"]
        if line.strip().endswith(" = ...")
    }
    notebook.page.evaluate(FILL_IN, [dots, solution])
    notebook.run_all(SECONDS)
    notebook.command("docmanager:save")
    assert notebook.errors() == []


def test_two_learners_do_a_lesson_each_and_culling_a_server_loses_no_progress(
    browser: BrowserContext, hub: Hub, class_folder: Path
) -> None:
    with logged_in(browser, hub, "ada") as page:
        ada = in_front(page, hub, "ada")
        assert "00_welcome" in page.url
        page.goto(f"{hub.url}user/ada/lab/tree/01_channel.ipynb")
        ada = in_front(page, hub, "ada")
        solve(ada, "01")
        assert "Your progress: 1 of" in ada.text()
        assert ada.requests_to_others() == []

        with logged_in(browser, hub, "grace") as hers:
            in_front(hers, hub, "grace")
            hers.goto(f"{hub.url}user/grace/lab/tree/05_wait.ipynb")
            grace = in_front(hers, hub, "grace")
            solve(grace, "05")
            assert "Progress of grace: 1 of" in grace.text()
        told = finish(*CLI, "learners", "--class", str(class_folder / "teacher.env"))
        assert "grace" in told.stdout
        assert "ada" not in told.stdout

        assert hub.running() == {"ada", "grace"}
        assert SOLVED.search(hub.told_in_terminal("ada", "hello-armonik progress"))
        hub.cull("ada")
        page.goto(f"{hub.url}hub/spawn/ada")
        in_front(page, hub, "ada")
        assert SOLVED.search(hub.told_in_terminal("ada", "hello-armonik progress"))
        assert (hub.homes / "ada" / "hello-armonik" / "01_channel.ipynb").exists()
    for name in ("ada", "grace"):
        hub.cull(name)
