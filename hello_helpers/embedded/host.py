"""The address that TCP is listened on, and who can reach it.

What an embedded ArmoniK is asked to do it does: run workers, hand out results. So it listens
beyond this machine only with TLS, where a client certificate says who may call.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

from .errors import StartError

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Host:
    """A host to listen on.

    Attributes:
        name: what was asked for: a name of this machine or an address, without brackets.
        address: the one address that it stands for.
    """

    name: str
    address: IpAddress

    @classmethod
    def find(cls, text: str) -> Host:
        """Read an IP address (``::1`` and ``[::1]`` are the same), or look a name up.

        The address is looked up once, here: what is checked is what is listened on.

        Raises:
            StartError: it is no address and no name that this machine knows.
        """
        name = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        try:
            return cls(name, ipaddress.ip_address(name))
        except ValueError:
            pass
        try:
            if not _HOST_NAME.fullmatch(name):
                raise OSError
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except OSError:
            raise StartError(
                f"{text!r} is neither an IP address nor the name of a machine",
                "Write for example --host 127.0.0.1 or --host 0.0.0.0",
            ) from None
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        return cls(name, min(addresses, key=lambda address: address.version))

    @property
    def is_loopback(self) -> bool:
        """True if nobody but this machine can reach it."""
        mapped = getattr(self.address, "ipv4_mapped", None)
        return bool((mapped or self.address).is_loopback)

    @property
    def public_name(self) -> str:
        """What clients write: the name, or that of this machine if it listens everywhere."""
        return socket.gethostname() if self.address.is_unspecified else self.name

    def at(self, port: int) -> str:
        """Return what to listen on: ``127.0.0.1:5001``, ``[::1]:5001``."""
        return join(str(self.address), port)

    def names(self) -> list[str]:
        """Return the names and addresses by which clients may call, for a certificate."""
        names = ["localhost", "127.0.0.1", "::1"]
        if not self.is_loopback:
            names += [self.name, str(self.address), socket.gethostname(), socket.getfqdn()]
        if self.address.is_unspecified:
            names += _addresses_of_this_machine()
        return [name for name in dict.fromkeys(map(str.lower, names)) if _is_nameable(name)]


LOOPBACK = Host("127.0.0.1", ipaddress.IPv4Address("127.0.0.1"))


def join(host: str, port: int) -> str:
    """Return ``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _addresses_of_this_machine() -> list[str]:
    import psutil

    entries = [entry for entries in psutil.net_if_addrs().values() for entry in entries]
    return [entry.address for entry in entries if entry.family in (socket.AF_INET, socket.AF_INET6)]


def _is_nameable(name: str) -> bool:
    """Tell whether a certificate can hold a name; not if it has a zone, as fe80::1%eth0 has."""
    try:
        return not ipaddress.ip_address(name).is_unspecified and "%" not in name
    except ValueError:
        return _HOST_NAME.fullmatch(name) is not None
