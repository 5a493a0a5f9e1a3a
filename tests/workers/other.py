"""A worker that is not the hello worker: it answers each task with its argument.

python tests/workers/other.py ANSWER
"""

import sys
from pathlib import Path

from armonik.common import Output
from armonik.worker import TaskHandler, armonik_worker


@armonik_worker()
def other(task: TaskHandler) -> Output:
    """Answer."""
    task.send_results({task.expected_results[0]: sys.argv[1].encode()})
    return Output()


def command(answer: str) -> list[str]:
    """Return the command that starts it."""
    return [sys.executable, str(Path(__file__)), answer]


if __name__ == "__main__":
    other.run()
