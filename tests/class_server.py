"""``hello-armonik class start``, as its teacher starts it, and what those in the class have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from hello_helpers.connect.class_file import ClassFile
from hello_helpers.connect.endpoint import Endpoint
from tests.commands import CLI, started

SECONDS = 10  # for an answer


class ClassServer:
    """The folder of a class, and its server.

    Attributes:
        pid: of the server, while it runs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = 0

    @contextlib.contextmanager
    def start(self, *options: str, pods: int = 1) -> Iterator[str]:
        """Serve in the block; give what was printed."""
        words = [*CLI, "class", "start", str(self.folder), "--pods", str(pods), *options]
        log = self.folder.with_suffix(".log")
        with started(words, stderr=log) as process:
            self.pid = process.pid
            printed = []
            while not printed or "To end it" not in printed[-1]:
                printed.append(process.stdout.readline())
                assert printed[-1], log.read_text()
            yield "".join(printed)
            process.terminate()
            process.communicate(timeout=20)
        assert process.returncode == 0

    def file(self, name: str) -> Path:
        """Return the file of the teacher, or of a learner."""
        below = self.folder if name == "teacher" else self.folder / "learners"
        return below / f"{name}.env"

    def at(self, name: str) -> Endpoint:
        """Return where somebody finds it."""
        return ClassFile.read(self.file(name)).find(SECONDS)
