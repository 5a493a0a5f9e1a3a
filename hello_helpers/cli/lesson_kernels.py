"""The kernels that ``hello-armonik lab`` starts: they are of the Python that it runs in itself.

Jupyter looks for a kernel by its name, and any Python can have left one named ``python3`` in the
user's folder or on JUPYTER_PATH: there the lessons would miss all that was installed for them. Our
kernels also tell a missing name in words from the start. In a lesson that is the work of its first
cell; but after a restart of the kernel people go on where they were, and that has not run.

This is an option of that one JupyterLab: no file of Jupyter or IPython is written, and kernels that
are started elsewhere know nothing of it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

from hello_helpers.errors import HelloError

READABLE = "--IPKernelApp.extra_extensions=hello_helpers.course.readable_errors"

QUIET = ("-W", "ignore::PendingDeprecationWarning:ipykernel.kernelbase")
"""The kernel warns of itself when it ends; with PYTHONWARNINGS=error it would fail in that."""

SECONDS = 60.0
"""How long a kernel may take to start, and then to answer; on a busy machine it reads slowly."""


class KernelError(HelloError):
    """No kernel for the lessons can be started."""


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


def try_kernel(code: str) -> str:
    """Start a kernel as the lessons get it, and run code in it; return the path of its Python.

    Raises:
        KernelError: it does not start, or the code fails in it.
    """
    with tempfile.TemporaryDirectory(prefix="hello-armonik-") as folder:
        said = Path(folder, "log")
        manager = KernelManager(kernel_spec_manager=LessonKernels())
        manager.connection_file = str(Path(folder, "kernel.json"))
        try:
            with said.open("wb") as log:
                manager.start_kernel(cwd=folder, stdout=log, stderr=log)
            client = manager.client()
            client.start_channels()
            client.wait_for_ready(SECONDS)
            answer = client.execute(code, reply=True, timeout=SECONDS)["content"]
            client.stop_channels()
        except (OSError, RuntimeError, TimeoutError) as error:
            *_, last = [str(error), *said.read_text(errors="replace").splitlines()]
            raise KernelError(f"No kernel starts: {last}") from error
        finally:
            manager.shutdown_kernel(now=True)
    if answer["status"] != "ok":
        raise KernelError(f"In a kernel: {answer['ename']}: {answer['evalue']}")
    return str(manager.format_kernel_cmd()[0])
