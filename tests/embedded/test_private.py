"""A private embedded ArmoniK lives no longer than the process that started it."""

import subprocess
import sys

import psutil
import pytest

from hello_helpers.embedded import EmbeddedArmonik, process

pytestmark = pytest.mark.embedded_only

OWNER = """\
import time
from hello_helpers.embedded import EmbeddedArmonik

armonik = EmbeddedArmonik(pods=1)
print(armonik.process.pid, flush=True)
time.sleep(60)
"""

SECONDS_TO_BE_GONE = 10


def test_it_ends_with_its_workers_when_its_owner_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        armonik = psutil.Process(int(owner.stdout.readline()))
        processes = [armonik, *armonik.children(recursive=True)]
        assert len(processes) >= 2, "the embedded ArmoniK and its guard or worker at least"
        owner.kill()
        _, alive = psutil.wait_procs(processes, timeout=SECONDS_TO_BE_GONE)
    assert [" ".join(process.cmdline()) for process in alive] == []


def test_ctrl_c_while_it_starts_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[psutil.Process] = []

    def interrupt(armonik: subprocess.Popen[str], _: float) -> str:
        started.append(psutil.Process(armonik.pid))
        raise KeyboardInterrupt

    monkeypatch.setattr(process, "first_line", interrupt)
    with pytest.raises(KeyboardInterrupt):  # it holds on to the half-made object, as IPython does
        EmbeddedArmonik(pods=1)
    assert [process.is_running() for process in started] == [False]
