"""A JupyterHub for the lessons: what its configuration (docs/hub) takes from here.

The Hub runs as root, its learners do not. So whatever is done in a learner's home folder before
their server starts is done by a process of theirs, this module run as a program; and the Hub takes
no more from it than what to set for their server.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from hello_helpers.cli.endpoints import ANSWER_SECONDS
from hello_helpers.cli.lab import DEFAULT_FOLDER, jupyter_environment
from hello_helpers.connect.class_file import ClassFile
from hello_helpers.course import working_copy
from hello_helpers.errors import HelloError

CLASS_FILE = "~/.hello-armonik-class.env"
"""A learner's file of the class, for them alone; the certificates are in it."""


class User(Protocol):
    """Who has logged in."""

    name: str


class Spawner(Protocol):
    """What starts a learner's server: JupyterHub's `LocalProcessSpawner`, or a kind of it."""

    user: User
    environment: dict[str, str]

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Return `env` with the learner's HOME, USER and SHELL."""

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what makes a new process the learner's."""


class UnpreparedError(Exception):
    """A server cannot be started; JupyterHub shows learners what this says."""

    @property
    def jupyterhub_message(self) -> str:
        """The same; JupyterHub looks for it under this name."""
        return str(self)


def environment() -> dict[str, str]:
    """Return what each learner's server has in its environment."""
    all_of_them = jupyter_environment()
    return {name: all_of_them[name] for name in ("JUPYTER_CONFIG_PATH", "PATH")}


def preparing(class_folder: str | None = None) -> Callable[[Spawner], Awaitable[None]]:
    """Return the hook that runs before a learner's server starts.

    It makes or refreshes their copy of the lessons. If `class_folder` (of `hello-armonik class`)
    has a file for an account of their name, their lessons use that class's ArmoniK.
    """

    async def prepare(spawner: Spawner) -> None:
        name = spawner.user.name
        file = Path(class_folder, "learners", f"{name}.env") if class_folder else None
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", __name__),
            env=spawner.user_env({"PATH": os.defpath}),
            preexec_fn=spawner.make_preexec_fn(name),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        told, complaint = await process.communicate(
            file.read_bytes() if file and file.is_file() else b""
        )
        if process.returncode:
            raise UnpreparedError(complaint.decode(errors="replace").strip())
        spawner.environment = {**spawner.environment, **json.loads(told)}

    return prepare


def main() -> int:
    """As the learner, with the text of their class file as input: print the variables to set."""
    variables = {}
    try:
        working_copy.refresh(Path(DEFAULT_FOLDER))
        if text := sys.stdin.read():
            path = Path(CLASS_FILE).expanduser()
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
            file = ClassFile.read(path)
            variables = file.environment(file.find(ANSWER_SECONDS))
    except HelloError as error:
        sys.stderr.write(" ".join(error.lines()))
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename} cannot be written: {error.strerror}.")
        return 1
    sys.stdout.write(json.dumps(variables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
