"""The kernels that ``hello-armonik lab`` starts: a missing name is told in words from the start.

In a lesson that is the work of its first cell. But after a restart of the kernel people go on where
they were, and the first cell has not run. This is an option of that one JupyterLab: no file of
Jupyter or IPython is written, and kernels that are started elsewhere know nothing of it.
"""

from __future__ import annotations

import sys

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

LAUNCHER = "ipykernel_launcher"

READABLE = "--IPKernelApp.extra_extensions=hello_helpers.course.readable_errors"


class LessonKernelManager(ServerKernelManager):
    """Starts kernels as ever; those of our own Python load `course.readable_errors`."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Return the command of the kernel."""
        command: list[str] = super().format_kernel_cmd(extra_arguments)
        ours = command[:1] == [sys.executable] and LAUNCHER in command
        return [*command, READABLE] if ours else command
