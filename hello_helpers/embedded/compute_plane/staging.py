"""What a running task has done so far, unseen by anybody until the task succeeds."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from stat import S_ISLNK

from ..data_plane import results as result_rows
from ..data_plane import submission
from ..data_plane.attempts import Work
from ..data_plane.database import in_words
from ..data_plane.object_writer import Stored
from ..data_plane.options import TaskOptions
from ..data_plane.plane import DataPlane
from ..data_plane.results import NewResult
from ..data_plane.submission import NewTask, TaskCreation
from ..data_plane.task_stream import PayloadTask, TaskStream, with_payloads
from ..errors import FailedPrecondition

SPARE = str(uuid.UUID(int=0))
"""Name of an empty folder beside the data folders: the next task gets it, under its own name.

To remove a folder that has had files in it takes ext4 one to two milliseconds, in which the event
loop would stand still, and all others with it; to rename it takes some microseconds.
"""


class Staging:
    """The work of one attempt.

    Attributes:
        token: the secret by which the worker shows that it speaks for this attempt.
        folder: where payload, dependencies and produced data lie, one file a result.
    """

    def __init__(
        self, plane: DataPlane, session: sqlite3.Row, task: sqlite3.Row, token: str, folder: Path
    ) -> None:
        self.token = token
        self.folder = folder
        self.session_id: str = task["session_id"]
        self._plane = plane
        self._session = session
        self._task_id: str = task["task_id"]
        self._work = Work()
        self._announced: dict[str, None] = {}
        self._produced: dict[str, bytes] = {}
        self._moved: set[str] = set()

    def create(self, names: Sequence[str]) -> list[NewResult]:
        """Stage results without data."""
        new = [NewResult(result_rows.new_id(), name, created_by=self._task_id) for name in names]
        self._work.created += new
        return new

    def create_with_data(self, named: Sequence[tuple[str, bytes]]) -> list[NewResult]:
        """Stage results with their data."""
        new = [
            NewResult(
                result_rows.new_id(),
                name,
                created_by=self._task_id,
                opaque_id=self._plane.objects.put(data),
                size=len(data),
            )
            for name, data in named
        ]
        self._work.created += new
        return new

    def announce(self, result_ids: Sequence[str]) -> None:
        """Note that data for these results lies in the folder (read when the task succeeds)."""
        self._announced.update(dict.fromkeys(result_ids))

    def produce(self, data: Mapping[str, bytes]) -> None:
        """Take the data of results that came along with the end of the task."""
        self._produced.update(data)

    def make_folder(self) -> None:
        """Make the data folder.

        Raises:
            StorageError: it cannot be made.
        """
        with in_words():
            try:
                self.folder.with_name(SPARE).rename(self.folder)
            except OSError:  # there is none, or the folder is there already
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Empty the data folder, and have nothing left under its name; see `SPARE`."""
        try:
            if S_ISLNK(self.folder.lstat().st_mode):  # the worker's doing: not ours
                self.folder.unlink()
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rename(self.folder.with_name(SPARE))
        except FileNotFoundError:  # as a rule, a worker on the short road has made none
            pass
        except OSError:  # a folder in it, say
            shutil.rmtree(self.folder, ignore_errors=True)

    def submit(
        self, creations: Sequence[TaskCreation], options: TaskOptions | None
    ) -> list[NewTask]:
        """Stage subtasks.

        Raises:
            FailedPrecondition: workers may not submit in this session (any more).
            InvalidArgument: a partition or priority is wrong.
        """
        if not self._session["worker_submission"]:
            raise FailedPrecondition(
                "Submission for the session is closed: Worker submission is closed"
            )
        new = submission.plan(self._session, creations, options)
        submission.check_options(self._plane, self._session, new)
        self._work.subtasks += new
        return new

    def task_stream(self) -> TaskStream:
        """Open a stream of subtasks that come with their payloads."""
        return TaskStream(self._plane.objects)

    def submit_with_payloads(
        self, tasks: Sequence[PayloadTask], options: TaskOptions | None
    ) -> list[NewTask]:
        """Stage subtasks together with their payloads; raises what `submit` does."""
        payloads, creations = with_payloads(tasks, created_by=self._task_id)
        new = self.submit(creations, options)
        self._work.created += payloads
        return new

    async def fetch(self, result_id: str) -> None:
        """Copy the data of any COMPLETED result into the folder.

        Raises:
            NotFound: there is no such result, or it has no data.
        """
        row = result_rows.get(self._plane, result_id)
        self.make_folder()
        target = self.folder / row["result_id"]
        if not self._plane.objects.copy_small(row["opaque_id"], target):
            await asyncio.to_thread(self._plane.objects.copy_large, row["opaque_id"], target)

    def seal(self) -> Work:
        """Store the data that was sent; return everything, ready to be committed.

        Call it in the transaction that commits; it can be called again if that fails.

        Raises:
            NotFound, FailedPrecondition: a result was sent that does not exist or has no file.
            StorageError: the data cannot be stored.
        """
        created = {new.result_id for new in self._work.created}
        objects = self._plane.objects
        for result_id in self._announced:
            if result_id not in created:
                result_rows.get(self._plane, result_id)  # so no odd id becomes a path
            if result_id not in self._moved:
                stored = objects.adopt(self.folder / result_id)
                self._work.produced[result_id] = stored
                if stored.is_file:  # a move is not rolled back with the transaction
                    self._moved.add(result_id)
        for result_id, data in self._produced.items():
            self._work.produced[result_id] = Stored(objects.put(data), len(data))
        return self._work

    def discard(self) -> None:
        """Throw everything away."""
        if objects := self._work.objects():
            self._plane.objects.remove(objects)
        self._work = Work()
