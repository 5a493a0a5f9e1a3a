"""A browser for all tests of this folder; a notebook in a fresh window for each."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser.notebook import Notebook
from tests.browser.server import JupyterServer, learners_server, write_notebook

Show = Callable[..., Notebook]
"""The type of the fixture `show`."""

SIZE = {"width": 1280, "height": 1000}

CHROMIUM_OPTIONS = [
    "--no-sandbox",  # needed for root, as in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """Return the path of the system's Chromium; skip the test if there is none, but not in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "no Chromium on this machine (Debian: apt-get install chromium fonts-dejavu-core)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[BrowserContext]:
    """Chromium without a window, used by all tests here; it is gone before other tests run."""
    path = find_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        # One context for all, so that JupyterLab's files come from its cache: twice as fast.
        yield chromium.new_context(viewport=SIZE)
        chromium.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A learner's JupyterLab for all tests here: its start takes longer than most of them."""
    with learners_server(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="package")
def windows() -> Iterator[dict[JupyterServer, Notebook]]:
    """The window of each server, kept for the next test: JupyterLab takes long to load."""
    opened: dict[JupyterServer, Notebook] = {}
    yield opened
    for notebook in opened.values():
        notebook.page.close()


@pytest.fixture
def show(
    request: pytest.FixtureRequest,
    browser: BrowserContext,
    server: JupyterServer,
    windows: dict[JupyterServer, Notebook],
) -> Iterator[Show]:
    """A function that opens a notebook of the server, alone, with a fresh kernel.

    It takes the name of a lesson; or the name and the cells of a notebook, which it writes. One of
    these that is open already stays open, with its kernel: its cells only have to be run again.

    At the end of the test it looks for what no test may do: ask another machine for something, or
    make the browser's console show an error.
    """
    shown: list[Notebook] = []

    def open_notebook(name: str, *cells: str) -> Notebook:
        if server not in windows:
            pictures = request.config.getoption("pictures")
            windows[server] = Notebook(browser.new_page(), server, pictures)
        notebook = windows[server]
        notebook.requests.clear()
        notebook.complaints.clear()
        notebook.page.set_viewport_size(SIZE)
        shown.append(notebook)
        if cells and notebook.name == name:
            return notebook
        if cells:
            write_notebook(server.home / "mine" / name, *cells)
        notebook.open(name)
        return notebook

    yield open_notebook
    assert [url for notebook in shown for url in notebook.requests_to_others()] == []
    assert [text for notebook in shown for text in notebook.complaints] == []
