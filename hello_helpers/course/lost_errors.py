"""Errors that nobody would see: raised in a thread, or in a task of the event loop.

Python prints them somewhere, or nowhere, and a notebook goes on as if all were well.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any


class LostErrors:
    """Remembers errors of threads and of the running event loop, from `listen` on.

    Attributes:
        found: a line about each.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self._listening = False

    def listen(self) -> None:
        """Start, with an empty list. Whoever listened before still hears of each error."""
        self.found = []
        if self._listening:
            return
        self._listening = True
        before = threading.excepthook

        def hook(args: threading.ExceptHookArgs) -> None:
            name = args.thread.name if args.thread else "a thread that has ended"
            self.found.append(f"in the thread {name!r}: {_describe(args.exc_value)}")
            before(args)

        threading.excepthook = hook
        self._listen_to_loop()

    def _listen_to_loop(self) -> None:
        try:
            loop = asyncio.get_running_loop()  # the kernel's, in a notebook
        except RuntimeError:
            return
        before = loop.get_exception_handler()

        def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            error = context.get("exception")
            what = _describe(error) if error else str(context.get("message"))
            self.found.append(f"in the event loop: {what}")
            if before is not None:
                before(loop, context)
            else:
                loop.default_exception_handler(context)

        loop.set_exception_handler(handler)


def _describe(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"
