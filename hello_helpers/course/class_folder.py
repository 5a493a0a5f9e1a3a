"""The folder of a class: its server's certificates and data, and a file for each learner.

class.json          under which addresses, and on which port, the files say that it is
teacher.env         the teacher's own file, see `connect.class_file`
learners/ada.env    one for each learner, to be given away
tls/                the authority, and the list of those who are let in
data/               what ArmoniK keeps
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.variables import CERTIFICATE_VARIABLE
from hello_helpers.errors import InputError

if TYPE_CHECKING:
    from hello_helpers.embedded import TlsFolder

PARTITION = "default"
TEACHER = "teacher"

LOOPBACK = "127.0.0.1"

_NAME = re.compile(r"\w[\w.-]{0,39}")

_VIRTUAL = ("docker", "br-", "veth", "virbr", "lxc", "lxd")
"""How names of network interfaces begin that lead nowhere outside this machine."""


class ClassFolder:
    """Such a folder, be it there or not."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self.folder = folder.expanduser().absolute()
        self.data = self.folder / "data"
        self.teacher = self.folder / f"{TEACHER}.env"
        self.learners = self.folder / "learners"
        self._about = self.folder / "class.json"

    @property
    def tls(self) -> TlsFolder:
        """The certificates."""
        from hello_helpers.embedded import TlsFolder

        return TlsFolder(self.folder / "tls")

    def prepare(self, hosts: Sequence[str], port: int | None, *, record: bool = False) -> list[str]:
        """Make the folder, or bring it up to date.

        Args:
            hosts: names and addresses of this machine; none: those that it has now.
            port: on which the server listens; None: the one of last time, or a free one.
            record: new files ask for a record (see `course.record`); False: as last time.

        Returns:
            Where the server will be: its endpoints, the best one first.

        Raises:
            InputError: the folder holds something else, or a host cannot be one.
            StartError: its certificates are damaged.
            OSError: it cannot be made or written.
        """
        from hello_helpers.embedded import Host

        about = self._read() if self._about.exists() else {}
        if not about and self.folder.exists() and any(self.folder.iterdir()):
            raise InputError(
                f"There are other things in the folder {self.folder}.",
                "Name a new folder for the class, or the one of an earlier start.",
            )
        hosts = [_checked(host) for host in hosts] or about.get("hosts") or []
        here = hosts or hosts_of_this_machine()
        port = port or about.get("port") or _free_port()
        endpoints = [f"https://{_bracketed(host)}:{port}" for host in here]
        known = about.get("known") or endpoints
        record = record or bool(about.get("record"))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._write(hosts=hosts, port=port, known=known, endpoints=endpoints, record=record)
        self.learners.mkdir(mode=0o700, exist_ok=True)
        every = [Endpoint.parse(each).host for each in (*endpoints, *known)]
        self.tls.prepare([*Host.find("0.0.0.0").names(), *every])
        if not self.tls.clients.exists():
            self.tls.clients.write({})
        key, certificate = self.tls.key("client"), self.tls.certificate("client")
        own = key.read_bytes() + certificate.read_bytes()
        local = f"https://{LOOPBACK}:{port}"
        self._write_file(self.teacher, TEACHER, dict.fromkeys([local, *endpoints]), own)
        return endpoints

    @property
    def port(self) -> int:
        """The port of the server."""
        return int(self._read()["port"])

    @property
    def known(self) -> list[str]:
        """The endpoints that the learners' files name, since the first start."""
        return list(self._read()["known"])

    def names(self) -> list[str]:
        """Return the names of those who are let in, in their order."""
        return sorted(self.tls.clients.read())

    def add(self, names: Iterable[str]) -> list[Path]:
        """Let more learners in; return their files.

        Raises:
            InputError: one is no name, or is in the class.
        """
        from hello_helpers.embedded import fingerprint

        clients = self.tls.clients.read()
        taken = {name.casefold(): name for name in clients}
        new = checked_names(names)
        for name in new:
            if there := taken.get(name.casefold()):
                raise InputError(
                    f"{there} is in the class.",
                    "For a new certificate, revoke the old one first: hello-armonik class revoke"
                    f" {shlex.quote(str(self.folder))} {there}",
                )
            taken[name.casefold()] = name
        about, files = self._read(), []
        for name in new:
            leaf = self.tls.issue(name)
            path = self.learners / f"{name}.env"
            endpoints = dict.fromkeys([*about["endpoints"], *about["known"]])
            self._write_file(path, name, endpoints, leaf.private_key_and_cert_chain_pem.bytes())
            clients[name] = fingerprint(leaf.cert_chain_pems[0].bytes())
            files.append(path)
        self.tls.clients.write(clients)
        return files

    def revoke(self, name: str) -> None:
        """Let somebody in no more. What they have made stays; a new certificate can follow.

        Raises:
            InputError: nobody in the class has this name, or the folder is no class's.
        """
        self._read()
        clients = self.tls.clients.read()
        if name not in clients:
            raise InputError(
                f"Nobody in the class is called {name[:60]!r}.",
                f"These are: {', '.join(self.names())}." if clients else "It has no learners.",
            )
        del clients[name]
        self.tls.clients.write(clients)
        (self.learners / f"{name}.env").unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            read: dict[str, Any] = json.loads(self._about.read_text("utf-8"))
            read["port"], read["known"], read["endpoints"]
        except FileNotFoundError:
            raise InputError(
                f"{self.folder} is no folder of a class.",
                f"hello-armonik class start {self.folder} --learners 10 makes one.",
            ) from None
        except (ValueError, LookupError, TypeError) as error:
            raise InputError(f"{self._about} is damaged: {error}.") from error
        return read

    def _write(self, **about: object) -> None:
        from hello_helpers.embedded import write_private

        write_private(self._about, (json.dumps(about, indent=1) + "\n").encode())

    def _write_file(self, path: Path, name: str, endpoints: Iterable[str], own: bytes) -> None:
        """Write a file; `own`: a key and its certificate, in PEM form."""
        from hello_helpers.embedded import write_private

        lines = [
            f"# For {name}, and nobody else: it holds a private key. In a terminal:",
            f"#     hello-armonik lab --class {path.name}",
            *(f"AK_ENDPOINT={endpoint}" for endpoint in endpoints),
            f"HELLO_PARTITION={PARTITION}",
            f"HELLO_LEARNER={name}",
            *["HELLO_RECORD=yes"] * bool(self._read().get("record") and name != TEACHER),
        ]
        authority = self.tls.certificate("ca").read_bytes()
        write_private(path, "\n".join([*lines, ""]).encode() + own + authority)


def numbered(count: int) -> list[str]:
    """Return names for learners whose names are not known: learner-01, learner-02, …."""
    return [f"learner-{number:02}" for number in range(1, count + 1)]


def checked_names(names: Iterable[str]) -> list[str]:
    """Return names of learners; all that cannot be are told at once.

    Raises:
        InputError: one is no name or the teacher's, or two differ by small and capital letters
            alone.
    """
    from hello_helpers.embedded import CLIENT_NAME

    names = list(names)
    if wrong := [name for name in names if not _NAME.fullmatch(name)]:
        named = ", ".join(repr(name[:60]) for name in wrong[:20])
        many = f"the names of {len(wrong)} learners" if len(wrong) > 1 else "the name of a learner"
        example = re.sub(r"[^\w.-]+", "_", wrong[0]).strip("_.-")[:40]
        raise InputError(
            f"{named}{', …' if len(wrong) > 20 else ''} cannot be {many}.",
            "Use up to 40 letters, digits, dots, dashes and underscores: it is the name of a file,"
            f" too.{f' For example {example}.' if example else ''}",
        )
    if own := {TEACHER, CLIENT_NAME} & {name.casefold() for name in names}:
        raise InputError(
            f"The teacher is called {min(own)} here.", "Give the learner another name."
        )
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise InputError(
                f"{other} and {name} would be one and the same file on many laptops.",
                "Give each learner a name that differs by more than small and capital letters.",
            )
    return names


def expected() -> list[str]:
    """Return who has a file, if this process is a class's teacher, on the machine of its server.

    Elsewhere that is not known, and the list is empty.
    """
    file = Path(os.environ.get(CERTIFICATE_VARIABLE, ""))
    if file.name != f"{TEACHER}.env":
        return []
    return sorted(path.stem for path in ClassFolder(file.parent).learners.glob("*.env"))


def hosts_of_this_machine() -> list[str]:
    """Return the names and addresses by which others may find this machine, now."""
    import psutil

    name = socket.gethostname().lower()
    found = [name, f"{name}.local"] if re.fullmatch(r"[a-z0-9-]+", name) else [name]
    up = psutil.net_if_stats()
    for interface, entries in psutil.net_if_addrs().items():
        if interface in up and up[interface].isup and not interface.startswith(_VIRTUAL):
            found += [entry.address for entry in entries if entry.family == socket.AF_INET]
    found = [host for host in found if host != LOOPBACK and not host.startswith("localhost")]
    return found or [LOOPBACK]


def _checked(host: str) -> str:
    """Return a host as an endpoint has it.

    Raises:
        InputError: it is none.
    """
    return Endpoint.parse(f"https://{_bracketed(host.strip().lower())}:1").host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port
