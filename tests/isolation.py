"""A pytest plugin: a test run touches nothing of yours, and shows what it leaves behind.

It is loaded by ``-p tests.isolation`` in pyproject.toml and works with hooks instead of fixtures,
because the cells of the notebooks are tests too, and no fixture reaches them. At the start it makes
one folder with a short name and points everything there: Jupyter's folders, temporary files, the
shared embedded ArmoniK, the learner's progress. At the end it looks for processes, sockets and
temporary files of this run, and reports them as an error.

Options: ``--endpoint URL`` runs the tests against that ArmoniK instead of the embedded one,
``--partition NAME`` says which partition of it runs the hello worker; ``--pictures`` takes pictures
of what the browser tests show.
"""

import os
import re
import shutil
import stat
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from _pytest.reports import TestReport

RUN = "HELLO_ARMONIK_TEST_RUN"
"""Variable that marks every process of this run; its value is the folder of the run."""

KEPT = "hello-armonik/kept"
"""Key in pytest's cache: the folder of the last run, if a test failed in it."""

WITHOUT = str(Path(__file__).parent / "without")
"""Modules that fail to be imported; see there."""

sys.path.insert(0, WITHOUT)  # before other plugins are loaded

SECONDS_TO_END = 10
"""How long processes that have been told to end may take before they count as left behind."""

# What could make a run depend on the terminal that it is started from.
FOREIGN = re.compile(
    r"((all|ftp|http|https|grpc|no)_proxy|ak_.*|grpc__.*|grpc_(trace|verbosity)|hello_.*"
    r"|jpy_.*|jupyter.*|ipython.*|force_color|clicolor_force|browser)",
    re.IGNORECASE,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose another ArmoniK."""
    group = parser.getgroup("ArmoniK")
    group.addoption("--endpoint", metavar="URL", help="an ArmoniK to test, not the embedded one")
    group.addoption("--partition", metavar="NAME", help="its partition that runs the hello worker")
    group.addoption(
        "--pictures", action="store_true", help="of notebooks in the browser, into artefacts/"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Move everything that a test could write into one folder."""
    if worker := getattr(config, "workerinput", None):
        # A worker of pytest-xdist inherits the environment of the run, and has folders of its own:
        # what one test does to the shared embedded ArmoniK must not touch what runs beside it.
        folder = Path(os.environ[RUN])
        own = folder / worker["workerid"]
        (own / "tmp").mkdir(parents=True)
        os.environ.update({**environment(own), "TMPDIR": str(own / "tmp")})
        tempfile.tempdir = None  # so that it is read again
        if config.option.basetemp == str(folder / "t" / f"popen-{worker['workerid']}"):
            config.option.basetemp = str(folder / f"t-{worker['workerid']}")  # shorter
        return
    folder = Path(tempfile.mkdtemp(prefix="ha-")).resolve()  # short: a socket's path has 107 bytes
    endpoint = config.getoption("--endpoint")
    for name in filter(FOREIGN.fullmatch, list(os.environ)):
        if not (endpoint and name.startswith("Grpc__")):  # TLS files belong to the endpoint
            del os.environ[name]
    (folder / "tmp").mkdir()
    os.environ.update({**environment(folder), "TMPDIR": str(folder / "tmp"), RUN: str(folder)})
    if endpoint:
        os.environ["AK_ENDPOINT"] = endpoint
    tempfile.tempdir = None  # so that it is read again
    if not config.getoption("basetemp"):
        config.option.basetemp = str(folder / "t")


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that keep what programs write in `folder`, and make the folders."""
    folders = {
        "HELLO_ARMONIK_DIR": "armonik",
        "HELLO_PROGRESS_DIR": "progress",
        "JUPYTER_CONFIG_DIR": "jupyter/config",
        "JUPYTER_DATA_DIR": "jupyter/data",
        "JUPYTER_RUNTIME_DIR": "jupyter/run",
        "JUPYTERLAB_SETTINGS_DIR": "jupyter/settings",
        "JUPYTERLAB_WORKSPACES_DIR": "jupyter/workspaces",
        "IPYTHONDIR": "ipython",
    }
    variables = {name: str(folder / path) for name, path in folders.items()}
    for path in variables.values():
        Path(path).mkdir(parents=True, mode=0o700, exist_ok=True)
    return {**variables, "PYTHONPATH": WITHOUT}


def pytest_report_header() -> str:
    """Say which ArmoniK is tested, and where files go."""
    endpoint = os.environ.get("AK_ENDPOINT", "embedded")
    return f"ArmoniK: {endpoint}; files of this run: {os.environ[RUN]}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what only the embedded ArmoniK can show, when another one is tested."""
    if not config.getoption("--endpoint"):
        return
    for item in items:
        if item.get_closest_marker("embedded_only"):
            item.add_marker(pytest.mark.skip(reason="about the embedded ArmoniK only"))


@pytest.hookimpl(trylast=True)  # after the last fixtures are gone
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the shared embedded ArmoniK, report what is left, and remove the folder of the run."""
    end_shared_armonik()
    if hasattr(session.config, "workerinput"):
        return
    folder = Path(os.environ[RUN])
    left = [*left_processes(), *left_files(folder)]
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        text = "The tests are over, and this is left of them:\n" + "\n".join(f"- {x}" for x in left)
        report = TestReport(
            "left behind", ("", 0, "left behind"), {}, "failed", text, when="teardown"
        )
        session.config.hook.pytest_runtest_logreport(report=report)
    keep(getattr(session.config, "cache", None), folder if session.testsfailed else None)
    if not session.testsfailed:
        shutil.rmtree(folder, ignore_errors=True)


def keep(cache: pytest.Cache | None, folder: Path | None) -> None:
    """Keep the folder of a failed run, to be looked at, instead of the one kept before."""
    if cache is None:
        return
    if before := cache.get(KEPT, None):
        shutil.rmtree(before, ignore_errors=True)
    cache.set(KEPT, folder and str(folder))


def end_shared_armonik() -> None:
    """End the embedded ArmoniK that the notebooks and the commands of this run shared."""
    try:
        from hello_helpers.embedded import stop_shared
    except ImportError:
        return
    stop_shared()


def of_this_run() -> Iterator[psutil.Process]:
    """Yield the living processes that this run started, orphans included."""
    mine = psutil.Process()
    children = mine.children(recursive=True)
    yield from children
    for process in psutil.process_iter():
        if process.pid != mine.pid and process not in children:
            with suppress(psutil.Error, OSError):
                if process.environ().get(RUN) == os.environ[RUN]:
                    yield process


def left_processes() -> list[str]:
    """Kill the processes that this run left behind; return a line about each."""
    _, alive = psutil.wait_procs(list(of_this_run()), timeout=SECONDS_TO_END)
    lines = []
    for process in alive:
        with suppress(psutil.Error):
            test = process.environ().get("PYTEST_CURRENT_TEST", "a process of another kind")
            command = textwrap.shorten(" ".join(process.cmdline()), 200)
            lines.append(f"process {process.pid}, started by {test}: {command}")
            process.kill()
    psutil.wait_procs(alive, timeout=SECONDS_TO_END)
    return lines


def left_files(folder: Path) -> list[str]:
    """Return a line about each temporary file, and about each socket anywhere in `folder`."""
    temporary = [f"temporary file {path}" for path in (folder / "tmp").iterdir()]
    sockets = [
        f"socket {Path(where) / name}"
        for where, _, names in os.walk(folder)
        for name in names
        if stat.S_ISSOCK((Path(where) / name).lstat().st_mode)
    ]
    return temporary + sockets
