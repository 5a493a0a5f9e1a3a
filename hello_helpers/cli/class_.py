"""``hello-armonik class``: the server of a class, and who is in it."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hello_helpers.cli.serve import port_number
from hello_helpers.cli.terminal import complain, fail, say
from hello_helpers.connect.class_file import ClassFile
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.class_folder import (
    LOOPBACK,
    PARTITION,
    ClassFolder,
    checked_names,
    numbered,
)
from hello_helpers.embedded import (
    HELLO_WORKER,
    Configuration,
    EmbeddedError,
    Host,
    PartitionSpec,
    QueueRules,
    new_runtime,
    run,
)
from hello_helpers.errors import HelloError, InputError

HELP = "for teachers: one ArmoniK for a class, with a certificate for each learner"

COMMAND = "hello-armonik class"

CHECK_SECONDS = 2.0
"""How long a server may take to say that it runs already."""

MOST = 1_000
"""Learners that a class may have."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three commands, and what each takes."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    start = commands.add_parser(
        "start",
        help="serve the class in the foreground; a later start goes on with all that is in DIR",
        allow_abbrev=False,
    )
    _add_folder(start)
    who = start.add_mutually_exclusive_group()
    who.add_argument(
        "--learners", type=_count, metavar="N", help="make files for learner-01, learner-02, …"
    )
    who.add_argument(
        "--names", type=Path, metavar="FILE", help="make files for these names, one a line"
    )
    start.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a name or address of this machine, by which learners find it; may be repeated"
        " (default: all that it has). With 127.0.0.1 alone nobody else can reach it",
    )
    start.add_argument(
        "--port",
        type=port_number,
        metavar="PORT",
        help="listen on this port (default: a free one, and then always the same)",
    )
    start.add_argument(
        "--pods", type=int, metavar="N", help="pods of the partition (default: one for each core)"
    )
    start.add_argument(
        "--record",
        action="store_true",
        help="have the learners' laptops tell, too, at which lesson they are, which exercises are"
        " tried or right, and the kind of an error in a cell; each is told so (for new files)",
    )
    add = commands.add_parser("add", help="let more learners in, at once", allow_abbrev=False)
    _add_folder(add)
    add.add_argument("names", nargs="+", metavar="NAME")
    revoke = commands.add_parser(
        "revoke", help="let a learner in no more, at once", allow_abbrev=False
    )
    _add_folder(revoke)
    revoke.add_argument("names", nargs="+", metavar="NAME")


def execute(args: argparse.Namespace) -> int:
    """Do one of the three; return the exit status."""
    folder = ClassFolder(args.folder)
    try:
        if args.command == "add":
            for path in folder.add(args.names):
                say(f"New: {path}")
        elif args.command == "revoke":
            for name in args.names:
                folder.revoke(name)
                say(f"{name} is not let in any more. What {name} has made is still there.")
        else:
            return _start(folder, args)
    except HelloError as error:
        return fail(error)
    except EmbeddedError as error:
        complain(str(error))
        return 1
    except OSError as error:
        complain(f"The folder of the class cannot be used: {error.strerror}: {error.filename}")
        return 1
    return 0


def _start(folder: ClassFolder, args: argparse.Namespace) -> int:
    wanted = checked_names(_read_names(args.names)) if args.names else numbered(args.learners or 0)
    pods = max(2, os.cpu_count() or 2) if args.pods is None else args.pods
    configuration = Configuration(  # made first: what makes no sense leaves nothing behind
        partitions=(PartitionSpec(PARTITION, HELLO_WORKER, pods),),
        runtime=new_runtime(),
        data=folder.data,
        tls=folder.tls,
        queues=QueueRules(leave_one_pod=pods > 1),
        temporary=True,
    )
    served = _is_served(folder)  # asked before its files name another address
    endpoints = folder.prepare(args.host, None if served else args.port, record=args.record)
    there = set(folder.names())
    new = folder.add(name for name in wanted if name not in there)
    if not new and not there:
        raise InputError(
            "Nobody is in the class yet.", "Say how many there are: --learners 30, or --names FILE."
        )
    board = "\n".join(_board(folder, endpoints, len(new)))
    if served:
        say(board)
        complain("It is served already, from another terminal.")
        complain("Ctrl-C is for there; another address counts from its next start on, and another")
        complain("port is to be given then.")
        return 0
    only_here = all(Endpoint.parse(each).is_local for each in endpoints)
    host = Host.find(LOOPBACK if only_here else "0.0.0.0")
    return run(replace(configuration, host=host, port=folder.port), board)


def _is_served(folder: ClassFolder) -> bool:
    with suppress(HelloError):  # as of a file that is not there yet
        ClassFile.read(folder.teacher).find(CHECK_SECONDS)
        return True
    return False


def _board(folder: ClassFolder, endpoints: Sequence[str], new: int) -> list[str]:
    """Return what a teacher reads, with what to write on the board."""
    moved = not set(endpoints) & set(folder.known)
    address = f" --endpoint {endpoints[0].removeprefix('https://')}" if moved else ""
    where = shlex.quote(str(folder.folder))
    return [
        f"The class of {len(folder.names())} is served at {', '.join(endpoints)}",
        *(["Its address is not the one in the learners' files: so it is on the board."] * moved),
        "",
        "    On the board:",
        "",
        f"        hello-armonik lab --class NAME.env{address}",
        "",
        "They type it with the path of their file, and hello-armonik as it is installed there:",
        ".venv/bin/hello-armonik in the folder of the course, or, from a stick,",
        "~/hello-armonik-venv/bin/hello-armonik",
        "",
        f"Each learner has a file of their own, in {folder.learners}"
        + (f" ({new} new)" if new else ""),
        "Whoever has a file is that learner, so give each their own only.",
        f"To see all:  hello-armonik learners --class {shlex.quote(str(folder.teacher))}",
        f"One more:    {COMMAND} add {where} NAME",
        f"One less:    {COMMAND} revoke {where} NAME",
        f"To end it, press Ctrl-C; {COMMAND} start {where} goes on.",
    ]


def _read_names(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"The names cannot be read from {path}: {reason}.") from error
    return list(dict.fromkeys(filter(None, map(str.strip, lines))))


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"a class has 1 to {MOST} learners, not {text!r}")
    return int(text)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of the class")
