"""The one program that all embedded ArmoniKs run: private ones, the shared one, and `serve`."""

from __future__ import annotations

import asyncio
import logging
import sys
from logging.handlers import RotatingFileHandler

from .config import Configuration
from .errors import EmbeddedError, StartError, StorageError
from .folders import sweep
from .logs import log_to
from .serving import Watch, serve
from .shared_folder import SharedFolder


def run(configuration: Configuration, announcement: str = "") -> int:
    """Serve in this process until it is told to end, or is not needed any more.

    When it accepts calls it prints one line, the endpoint; what is wrong goes to stderr.

    Args:
        announcement: what to print instead of the endpoint.

    Returns:
        The exit status: 0 after an end in good order.
    """
    try:
        if configuration.shared:
            _run_shared(configuration)
        else:
            log_to(logging.StreamHandler(sys.stderr), configuration.log_format)
            until: Watch | None = _end_of_stdin if configuration.lifeline else None
            serve(configuration, lambda endpoint: _print(announcement or endpoint), until)
    except EmbeddedError as error:
        _complain(str(error))
        if isinstance(error, StorageError) and error.hint and configuration.kept_logs:
            _complain(f"{error.hint}; --data was {configuration.data}.")
        return 1
    except KeyboardInterrupt:  # before the signal handlers were in place
        return 0
    finally:
        if configuration.lifeline:
            sweep()  # its certificates, if the program that started this was killed
    return 0


def _run_shared(configuration: Configuration) -> None:
    """Serve until the last lease is over, and leave nothing then."""
    shared = SharedFolder(configuration.runtime)
    log_to(RotatingFileHandler(shared.log, maxBytes=1_000_000, backupCount=1, encoding="utf-8"))
    shared.take()

    def announce(endpoint: str) -> None:
        shared.note_running(endpoint)
        _print(endpoint)

    serve(configuration, announce, shared.unneeded)
    if shared.is_unneeded:
        shared.clean()


def _print(endpoint: str) -> None:
    try:
        sys.stdout.write(endpoint + "\n")
        sys.stdout.flush()
    except OSError as error:
        raise StartError(f"The endpoint cannot be written to stdout: {error.strerror}") from error


def _complain(line: str) -> None:
    sys.stderr.write(line + "\n")


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
