"""``hello-armonik run``: the whole client, from channel to good bye, as the original page has it.

Imports stand inside the functions: while the embedded ArmoniK starts, in a thread, the main thread
imports gRPC. What is printed on stdout is a contract; errors go to stderr, in one or two lines.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from hello_helpers.cli.endpoints import add_endpoint_arguments, find_endpoint, names_endpoint
from hello_helpers.cli.terminal import complain, fail, say
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.values import parse_count, parse_number
from hello_helpers.errors import HelloError, InputError, WaitCancelledError

if TYPE_CHECKING:
    import grpc

    from hello_helpers.wait.cancellation import Cancellation
    from hello_helpers.wait.waiting import Progress

T = TypeVar("T")

HELP = "say hello: send numbers to ArmoniK, and print their sum"

CHECK_SECONDS = 3.0
"""How long an endpoint may take to answer; with Python's start it stays below 5 seconds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    # So that -1e5 is a number, as -1 is, and no option.
    parser._negative_number_matcher = re.compile(r"-\.?[0-9]")
    add_endpoint_arguments(parser, "the embedded ArmoniK")
    parser.add_argument(
        "-p",
        "--partition",
        help="partition that runs the hello worker (default: HELLO_PARTITION, else ArmoniK's own)",
    )
    parser.add_argument(
        "-v",
        "--values",
        type=partial(_read, parse_number),
        nargs="+",
        metavar="X",
        help="numbers to add; they win over -n",
    )
    parser.add_argument(
        "-n",
        "--nfirst",
        type=partial(_read, parse_count),
        default=10,
        metavar="N",
        help="add the numbers from 0 to N-1 (default: 10; with 0 the result is 0)",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="seconds to wait for the result (default: 60)",
    )


def execute(args: argparse.Namespace) -> int:
    """Say hello; return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    try:
        embedded = None if names_endpoint(args) else _start_embedded()
        say("Hello ArmoniK Python Example !")
        with _open_channel(args, embedded) as channel:
            return _hello(channel, args)
    except WaitCancelledError:
        raise KeyboardInterrupt from None
    except HelloError as error:
        return fail(error)


def _start_embedded() -> Future[Endpoint]:
    """Find or start the embedded ArmoniK, in a thread; that has deadlines of its own."""
    endpoint: Future[Endpoint] = Future()

    def start() -> None:
        try:
            endpoint.set_result(Endpoint.find())
        except BaseException as error:
            endpoint.set_exception(error)

    threading.Thread(target=start, name="start-embedded", daemon=True).start()
    return endpoint


def _open_channel(args: argparse.Namespace, embedded: Future[Endpoint] | None) -> grpc.Channel:
    import armonik.client  # noqa: F401  (takes its time, while the embedded ArmoniK starts)

    if embedded is not None:
        return embedded.result().open_channel()
    endpoint = find_endpoint(args)
    endpoint.check(CHECK_SECONDS)
    return endpoint.open_channel()


def _hello(channel: grpc.Channel, args: argparse.Namespace) -> int:
    """Say hello and good bye; what goes wrong in between is told in between."""
    from hello_helpers.course.sessions import closing_session, hello_partition
    from hello_helpers.messages import Payload
    from hello_helpers.steps import create_payload, create_session, submit_task, wait_for_result
    from hello_helpers.wait.cancellation import Cancellation

    values = args.values or list(range(args.nfirst))
    session_id = create_session(channel, args.partition or hello_partition())
    say(f"Session {session_id} has been created")
    try:
        with closing_session(channel, session_id, _tell_cancelled):
            data = create_payload(channel, session_id, Payload(values))
            submit_task(channel, session_id, data)
            say("Main tasks have been sent")
            with _ctrl_c_cancels(cancellation := Cancellation()):
                result = wait_for_result(
                    channel, session_id, data.result_id, args.timeout, _complaints(), cancellation
                )
            say(f"Result : {result.value}")
    except WaitCancelledError:
        raise
    except HelloError as error:
        return fail(error)
    finally:
        say("Good bye !")
    return 0


def _tell_cancelled(done: bool) -> None:
    if done:
        say("Session has been cancelled")
    else:
        complain("The session could not be cancelled: ArmoniK does not answer.")


def _complaints() -> Callable[[Progress], None]:
    """Return what tells of trouble while it waits, each kind once."""
    told: set[str] = set()

    def tell(progress: Progress) -> None:
        if progress.is_trouble and progress.text not in told:
            told.add(progress.text)
            complain(progress.text)

    return tell


@contextlib.contextmanager
def _ctrl_c_cancels(cancellation: Cancellation) -> Iterator[None]:
    """Let Ctrl-C end the wait in good order, instead of raising in the middle of a statement."""
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: cancellation.cancel()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _seconds(text: str) -> float:
    seconds = float(_read(parse_number, text))
    if seconds <= 0:
        raise argparse.ArgumentTypeError(f"must be more than 0 seconds, you typed {text}.")
    return seconds


def _read(parse: Callable[[str], T], text: str) -> T:
    """Parse an argument; argparse shows only the text of errors of its own kind."""
    try:
        return parse(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(" ".join(error.lines())) from error
