"""A kernel on a machine without a network: it has itself alone, and a proxy that is down.

On Linux, `unshare` gives a process a network of its own in which there is nothing. This file is
also the program that is started there: it switches on the loopback interface, because a machine
without any network still has that, and becomes a kernel.
"""

import functools
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

DEAD_PROXY = {
    name: "http://127.0.0.1:9"
    for proxy in ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")
    for name in (proxy, proxy.upper())
}
"""Nobody listens there: a call that asks this proxy fails."""

KERNEL = "offline"

SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # as in linux/sockios.h and linux/if.h


@functools.cache
def command() -> tuple[str, ...]:
    """Return what starts a program without a network; nothing, if that is not allowed here."""
    unshare = shutil.which("unshare")
    for options in (("--net",), ("--map-root-user", "--net")):  # the second needs no privilege
        if (
            unshare
            and subprocess.run([unshare, *options, "true"], capture_output=True).returncode == 0
        ):
            return (unshare, *options)
    return ()


def install_kernel() -> None:
    """Make the kernel known to Jupyter, in the folder of this test run."""
    folder = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels" / KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    start = [*command(), sys.executable, __file__, "-f", "{connection_file}"]
    spec = {"argv": start, "display_name": KERNEL, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


def main() -> None:
    """Switch on the loopback interface, and become a kernel."""
    import fcntl
    import socket

    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *sys.argv[1:]])


if __name__ == "__main__":
    main()
