"""``hello-armonik serve``: an embedded ArmoniK of its own, in the foreground."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from hello_helpers.cli.terminal import complain
from hello_helpers.embedded import (
    DEFAULT_PODS,
    FORMATS,
    HELLO_WORKER,
    LOOPBACK,
    MAX_MESSAGE,
    MAX_PRIORITY,
    Configuration,
    EmbeddedError,
    Host,
    PartitionSpec,
    QueueRules,
    TlsFolder,
    new_runtime,
    run,
)

HELP = "run an embedded ArmoniK in the foreground; prints its endpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    address = parser.add_mutually_exclusive_group()
    address.add_argument(
        "--socket", type=Path, metavar="PATH", help="Unix socket to listen on (default: a new one)"
    )
    address.add_argument(
        "--port", type=port_number, metavar="PORT", help="TCP port instead; 0 takes a free one"
    )
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        help="listen on this address or name of this machine (default: 127.0.0.1); beyond this"
        " machine only with --tls",
    )
    parser.add_argument(
        "--tls",
        type=Path,
        metavar="DIR",
        help="serve with TLS, for clients with a certificate; certificates are made in DIR",
    )
    parser.add_argument(
        "--partition",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help='a partition and its worker, e.g. default="python worker.py"; may be repeated',
    )
    parser.add_argument(
        "--pods", type=int, default=DEFAULT_PODS, metavar="N", help="pods of each partition"
    )
    parser.add_argument(
        "--tcp-workers",
        action="store_true",
        help="workers and agents meet on loopback ports instead of Unix sockets",
    )
    parser.add_argument(
        "--first-come",
        action="store_true",
        help="of one priority, first come first served; else learners take turns, and so do"
        " the sessions of each",
    )
    parser.add_argument(
        "--leave-one-pod",
        action="store_true",
        help="the tasks of one learner hold all pods of a partition but one, at most",
    )
    parser.add_argument(
        "--max-priority",
        type=int,
        default=MAX_PRIORITY,
        metavar="N",
        help=f"refuse tasks of a larger priority, 1 to {MAX_PRIORITY} (default: {MAX_PRIORITY});"
        f" below {MAX_PRIORITY}, sessions too",
    )
    parser.add_argument(
        "--shared-folder",
        type=Path,
        metavar="DIR",
        help="where workers find the data of their tasks, each in a folder of its own (default: in"
        " the data folder); for workers that look into /cache/shared",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep tables and objects here, and go on from them"
    )
    parser.add_argument(
        "--max-message",
        type=int,
        default=MAX_MESSAGE,
        metavar="MIB",
        help=f"size of a client's message at most, in MiB (default: {MAX_MESSAGE})",
    )
    parser.add_argument(
        "--log-format",
        choices=list(FORMATS),
        default="text",
        help="how the log is written to stderr: for people, or a JSON object a line",
    )
    parser.add_argument(
        "--metrics-port",
        type=port_number,
        metavar="PORT",
        help="serve metrics for Prometheus on this port of 127.0.0.1; 0 takes a free one",
    )
    parser.add_argument(
        "--switchboard",
        type=Path,
        metavar="PATH",
        help="open the failure switchboard on this Unix socket: it breaks things, for tests",
    )
    parser.add_argument(
        "--with-stdin",
        action="store_true",
        help="end when standard input ends, too: so it never outlives the program that started it",
    )


def execute(args: argparse.Namespace) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; return the exit status."""
    if args.socket and (args.host or args.tls):
        complain("--host and --tls are for a port, and --socket is none.")
        return 2
    runtime = new_runtime()
    on_port = args.port is not None or args.host is not None or args.tls
    shared = args.shared_folder.absolute() if args.shared_folder else None
    partitions = args.partition or [f"default={shlex.join(HELLO_WORKER)}"]
    try:
        configuration = Configuration(
            partitions=tuple(
                PartitionSpec.parse(text, args.pods, tcp=args.tcp_workers, shared=shared)
                for text in partitions
            ),
            runtime=runtime,
            data=(args.data or runtime / "data").absolute(),
            socket=None if on_port else (args.socket or runtime / "armonik.sock").absolute(),
            host=Host.find(args.host) if args.host is not None else LOOPBACK,
            port=args.port or 0,
            tls=TlsFolder(args.tls.absolute()) if args.tls else None,
            queues=QueueRules(args.first_come, args.leave_one_pod, args.max_priority),
            metrics_port=args.metrics_port,
            switchboard=args.switchboard,
            log_format=args.log_format,
            max_message=args.max_message,
            temporary=True,
            lifeline=args.with_stdin,
        )
    except EmbeddedError as error:
        complain(str(error))
        return 1
    return run(configuration)


def port_number(text: str) -> int:
    """Read a port, for argparse."""
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535, not {text!r}")
    return int(text)
