"""The endpoint form: which ArmoniK, and does it answer?"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.variables import endpoint_variable
from hello_helpers.errors import HelloError, TlsFileError
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import CHECK, code_of
from hello_helpers.forms.field import Field, Input, radio_buttons

EMBEDDED, OWN = "embedded", "own"


class EndpointForm(Form[Endpoint]):
    """Choose the embedded ArmoniK or a cluster of your own, and check that it answers.

    Its result is an `Endpoint`. At the beginning it shows what the environment says. The fields for
    a cluster are shown when one is chosen.

    Attributes:
        choice: "embedded" or "own".
        endpoint: address of your own cluster; editing it chooses "own".
        authority, certificate, key: TLS files of your own cluster.
        versions: of ArmoniK's parts, after a check.
    """

    title = "Which ArmoniK to use"
    deed = "Check the endpoint"
    doing = "Checking the endpoint"

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, str] = {}

    def _inputs(self) -> list[Input]:
        text = endpoint_variable() or ""
        known = Endpoint("http", "")
        with contextlib.suppress(HelloError):  # the field will say what is wrong with the text
            known = Endpoint.from_environment() or known
        choices = [("embedded, on this machine", EMBEDDED), ("a cluster of my own", OWN)]
        self.choice = radio_buttons("ArmoniK", choices, value=OWN if text else EMBEDDED)
        self._address = Field(
            "Endpoint (URL or host:port)",
            Endpoint.parse,
            text,
            placeholder="https://armonik.example.com:5001",
        )
        self._authority = Field("CA file", _file, known.certificate_authority or "")
        self._certificate = Field("Client certificate file", _file, known.client_certificate or "")
        self._key = Field("Client key file", _file, known.client_key or "")
        self._of_cluster = (self._address, self._authority, self._certificate, self._key)
        inputs = [field.input for field in self._of_cluster]
        self.endpoint, self.authority, self.certificate, self.key = inputs
        self.endpoint.observe(self._choose_own, "value")
        self.choice.observe(self._on_choice, "value")
        self._show_fields()
        return [self.choice, *self._of_cluster]

    def _choose_own(self, _change: object) -> None:
        self.choice.value = OWN

    def _on_choice(self, _change: object) -> None:
        self._show_fields()
        if self.choice.value == EMBEDDED:
            self._typed.forget(self._of_cluster)

    def _show_fields(self) -> None:
        for field in self._of_cluster:
            field.input.layout.display = None if self.choice.value == OWN else "none"

    def _prepare(self) -> Callable[[], Endpoint]:
        if self.choice.value == EMBEDDED:
            return lambda: self._check(self._cancellation.outlive(Endpoint.start_embedded))
        parse = partial(
            Endpoint.parse,
            certificate_authority=self._authority.read(),
            client_certificate=self._certificate.read(),
            client_key=self._key.read(),
        )
        endpoint = self._address.read(parse)
        return lambda: self._check(endpoint)

    def _check(self, endpoint: Endpoint) -> Endpoint:
        self._report("Checking ...")
        self._show_code(code_of(CHECK, endpoint))
        try:
            self.versions = self._cancellation.outlive(endpoint.check)
        finally:
            self._lines.clear()  # it is checked now
        parts = ", ".join(f"{part} {version}" for part, version in self.versions.items())
        self._report(f"ArmoniK answers: {parts} ({endpoint.describe()}).")
        return endpoint

    def wait(self, timeout: float = 60.0) -> Endpoint:
        """Wait for the answer, as every form does; it is one that is true now.

        If the embedded ArmoniK was stopped since it has answered, it is started again.
        """
        self.result = super().wait(timeout).renewed()
        return self.result

    def _rows(self) -> list[tuple[str, str]]:
        own = self.choice.value == OWN
        certificates = any((self.authority.value, self.certificate.value, self.key.value))
        return [
            ("ArmoniK", "a cluster of my own" if own else "embedded, on this machine"),
            ("Certificates", "given" if certificates else "none"),
            ("Answer", self.result.describe() if self.result else "not checked yet"),
        ]


def _file(text: str) -> str | None:
    """Return the path of a file, or None if no file is named."""
    path = text.strip()
    if not path:
        return None
    try:
        if Path(path).expanduser().is_file():
            return path
    except (ValueError, RuntimeError, OSError):  # a NUL byte, an unknown home, no right to look
        pass
    raise TlsFileError(f"There is no file {Path(path).name!r} there.", "Check the path.")
