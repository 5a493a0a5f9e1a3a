"""``hello-armonik serve``: an embedded ArmoniK of its own, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import sys
import tempfile
from pathlib import Path

from ..embedded.config import DEFAULT_PODS, Configuration, PartitionSpec
from ..embedded.errors import EmbeddedError, StorageError
from ..embedded.host import LOOPBACK, Host
from ..embedded.logs import FORMATS, log_to
from ..embedded.scratch import sweep
from ..embedded.serving import serve
from ..embedded.tls import TlsFolder
from . import complain

HELP = "run an embedded ArmoniK in the foreground; prints its endpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    address = parser.add_mutually_exclusive_group()
    address.add_argument(
        "--socket", type=Path, metavar="PATH", help="Unix socket to listen on (default: a new one)"
    )
    address.add_argument(
        "--port", type=_port, metavar="PORT", help="TCP port instead; 0 takes a free one"
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
        "--data", type=Path, metavar="DIR", help="keep tables and objects here, and go on from them"
    )
    parser.add_argument(
        "--log-format",
        choices=list(FORMATS),
        default="text",
        help="how the log is written to stderr: for people, or a JSON object a line",
    )
    parser.add_argument(
        "--metrics-port",
        type=_port,
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
    """Serve until SIGINT or SIGTERM; return the exit status."""
    if args.socket and (args.host or args.tls):
        complain("--host and --tls are for a port, and --socket is none.")
        return 2
    log_to(logging.StreamHandler(sys.stderr), args.log_format)
    runtime = Path(tempfile.gettempdir()) / f"armonik-{secrets.token_hex(4)}"
    try:
        partitions = tuple(
            PartitionSpec.parse(text, args.pods, tcp=args.tcp_workers) for text in args.partition
        )
        serve(
            Configuration(
                partitions=partitions or (PartitionSpec("default", pods=args.pods),),
                runtime=runtime,
                temporary=True,
                data=(args.data or runtime / "data").absolute(),
                socket=_socket(args, runtime),
                host=Host.find(args.host) if args.host is not None else LOOPBACK,
                port=args.port or 0,
                tls=TlsFolder(args.tls.absolute()) if args.tls else None,
                metrics_port=args.metrics_port,
                switchboard=args.switchboard,
            ),
            announce=_announce,
            until=_end_of_stdin if args.with_stdin else None,
        )
    except StorageError as error:
        complain(str(error))
        if args.data:
            complain(f"Name a folder that you can write to; --data was {args.data}.")
        return 1
    except EmbeddedError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:  # before the signal handlers were in place
        return 0
    finally:
        if args.with_stdin:
            sweep()  # its certificates, if the program that started this was killed
    return 0


def _socket(args: argparse.Namespace, runtime: Path) -> Path | None:
    if args.port is not None or args.host is not None or args.tls:
        return None
    path: Path = args.socket or runtime / "armonik.sock"
    return path.absolute()


def _announce(endpoint: str) -> None:
    print(endpoint, flush=True)  # noqa: T201


async def _end_of_stdin() -> None:
    """Return when nobody holds the other end of the pipe any more, for whatever reason."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    try:
        while await reader.read(1024):
            pass
    finally:
        pipe.close()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535, not {text!r}")
    return int(text)
