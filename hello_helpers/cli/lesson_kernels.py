"""The kernels that ``hello-armonik lab`` starts: they are of the Python that it runs in itself.

Jupyter looks for a kernel by its name, and any Python can have left one named ``python3`` in the
user's folder or on JUPYTER_PATH: there the lessons would miss all that was installed for them. Our
kernels also tell a missing name in words from the start. In a lesson that is the work of its first
cell; but after a restart of the kernel people go on where they were, and that has not run.

This is an option of that one JupyterLab: no file of Jupyter or IPython is written, and kernels that
are started elsewhere know nothing of it.
"""

from __future__ import annotations

import subprocess

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager

from hello_helpers.errors import HelloError

READABLE = "--IPKernelApp.extra_extensions=hello_helpers.course.readable_errors"

QUIET = ("-W", "ignore::PendingDeprecationWarning:ipykernel.kernelbase")
"""The kernel warns of itself when it ends; with PYTHONWARNINGS=error it would fail in that."""

LOAD = "import ipykernel.kernelapp, hello_helpers.course.readable_errors"

SECONDS = 60.0
"""How long that may take: on a busy machine much is read slowly."""


class KernelError(HelloError):
    """No kernel for the lessons can be started as it should."""


class LessonKernels(KernelSpecManager):
    """Finds kernels as ever; but ``python3``, which all lessons name, is always our own."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the folder of each kernel, by its name."""
        return {**super().find_kernel_specs(), NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return what is known of a kernel; `NoSuchKernel` is raised if there is none."""
        if kernel_name.lower() != NATIVE_KERNEL_NAME:
            return super().get_kernel_spec(kernel_name)
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict([READABLE], [*QUIET]))


def try_kernel() -> str:
    """Let the Python of the lessons' kernel load what a kernel needs; return the path of it.

    Raises:
        KernelError: it cannot be started, or something is missing or broken in it.
    """
    command = LessonKernels().get_kernel_spec(NATIVE_KERNEL_NAME).argv
    python = command[: command.index("-m")]
    try:
        done = subprocess.run(
            [*python, "-c", LOAD],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KernelError(f"The lessons' Python does not start: {error}") from error
    if done.returncode:
        *_, last = ["it says nothing", *done.stderr.splitlines()]
        raise KernelError(f"The lessons' Python cannot load the course: {last}")
    return python[0]
