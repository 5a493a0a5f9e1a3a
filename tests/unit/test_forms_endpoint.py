"""The endpoint form: embedded or an own cluster, checked, and told in words."""

import threading
from pathlib import Path

import pytest

from hello_helpers import embedded, errors
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.forms import EndpointForm
from hello_helpers.forms.code_twin import CHECK, code_of
from hello_helpers.forms.endpoint_form import EMBEDDED, OWN
from tests.commands import pasted

from . import listeners
from .fake_armonik import FakeArmonik


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("AK_ENDPOINT", "Grpc__Endpoint", "Grpc__CaCert"):
        monkeypatch.delenv(name, raising=False)


def test_without_an_environment_the_embedded_one_is_checked(fake: FakeArmonik, monkeypatch):
    monkeypatch.setattr(embedded, "shared_endpoint", lambda: fake.url)
    form = EndpointForm()
    assert (form.choice.value, form.wait(10).embedded) == (EMBEDDED, True)
    assert "core 1.2.3, api 4.5.6 (embedded ArmoniK on this machine)" in form.status.value


def test_the_environment_is_shown_and_used(fake, monkeypatch):
    monkeypatch.setenv("AK_ENDPOINT", fake.url)
    form = EndpointForm()
    assert (form.choice.value, form.endpoint.value) == (OWN, fake.url)
    assert form.wait(10) == Endpoint.parse(fake.url)
    assert form.versions == {"core": "1.2.3", "api": "4.5.6"}


def test_certificates_of_the_environment_are_shown(monkeypatch):
    monkeypatch.setenv("AK_ENDPOINT", "https://host:5001")
    monkeypatch.setenv("Grpc__CaCert", "ca.pem")
    form = EndpointForm()
    assert form.authority.value == "ca.pem"
    assert len(shown(form)) == 4


def test_an_environment_with_a_typing_error_is_shown_to_be_mended(monkeypatch):
    monkeypatch.setenv("AK_ENDPOINT", "localhost")
    form = EndpointForm()
    assert form.endpoint.value == "localhost"
    with pytest.raises(errors.EndpointSyntaxError):
        form.wait(10)
    assert "port is missing" in form._address.says


def test_typing_an_address_chooses_the_own_cluster(fake):
    form = EndpointForm()
    form.endpoint.value = f"  {fake.url}  "
    assert (form.choice.value, form.wait(10).url) == (OWN, fake.url)
    assert "ArmoniK answers" in form.status.value


def shown(form: EndpointForm) -> list[str]:
    """Return the labels of the fields that can be seen."""
    fields = (form._address, form._authority, form._certificate, form._key)
    return [f.input.description for f in fields if f.input.layout.display != "none"]


def test_the_fields_of_a_cluster_are_shown_when_one_is_chosen():
    form = EndpointForm()
    assert shown(form) == []
    form.choice.value = OWN
    assert len(shown(form)) == 4
    form.choice.value = EMBEDDED
    assert shown(form) == []


def refused(endpoint: str, authority: Path) -> EndpointForm:
    """Return a form that has refused these."""
    form = EndpointForm()
    form.endpoint.value, form.authority.value = endpoint, str(authority)
    form.run.click()
    assert "Nothing was sent" in form.status.value
    return form


def test_choosing_the_embedded_one_forgets_what_is_wrong_with_a_cluster(tmp_path):
    form = refused("https://host:5001", tmp_path / "ca.pem")
    form.choice.value = EMBEDDED
    assert (form._authority.says, form.status.value) == ("", "")


def test_an_address_that_does_not_go_with_certificates_is_mended_by_taking_these_out(tmp_path):
    (tmp_path / "ca.pem").touch()
    form = refused("http://host:5001", tmp_path / "ca.pem")
    told = form._address.says
    assert "Certificates are for https://" in told
    form.authority.value = ""
    assert (form._address.says, form.status.value) == ("", "")


def test_a_tls_file_that_is_missing_is_told_when_it_is_left(tmp_path):
    form = EndpointForm()
    form.endpoint.value = "https://host:5001"
    form.authority.value = str(tmp_path / "ca.pem")
    assert "no file &#x27;ca.pem&#x27;" in form._authority.says
    assert str(tmp_path) not in form._authority.says
    with pytest.raises(errors.TlsFileError):
        form.wait(10)


def test_an_endpoint_that_does_not_answer_is_told_with_what_to_do():
    form = EndpointForm()
    form.endpoint.value = f"localhost:{listeners.closed_port()}"
    with pytest.raises(errors.NobodyListensError):
        form.wait(10)
    said = ("Nothing listens", "usually published on 5001", "Checking")
    assert [words in form.status.value for words in said] == [True, True, False]


def test_cancel_ends_the_wait_for_an_answer_at_once(fake, monkeypatch):
    asked, may_answer = threading.Event(), threading.Event()
    monkeypatch.setattr(Endpoint, "check", lambda _: (asked.set(), may_answer.wait(10)))
    form = EndpointForm()
    form.endpoint.value = fake.url
    form.run.click()
    assert asked.wait(10)
    form.cancel.click()
    with pytest.raises(errors.WaitCancelledError):
        form.wait(10)
    assert "Cancelled." in form.status.value
    may_answer.set()


def test_the_code_twin_runs_as_pasted(fake):
    form = EndpointForm()
    form.endpoint.value = fake.url
    form.wait(10)
    assert pasted(form.code) == "{'core': '1.2.3', 'api': '4.5.6'}\n"


def test_the_code_twin_of_a_secure_endpoint_names_its_files():
    code = code_of(
        CHECK,
        Endpoint.parse(
            "https://host:1",
            certificate_authority="a 'strange' ca.pem",
            client_certificate="me.pem",
            client_key="me.key",
        ),
    )
    compile(code, "pasted", "exec")
    assert "certificate_authority=\"a 'strange' ca.pem\"" in code
    assert "client_certificate='me.pem'" in code


def test_the_code_twin_of_a_port_of_this_machine_asks_no_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listeners.closed_port()}")
    with listeners.grpc_server(FakeArmonik()) as port:
        assert "1.2.3" in pasted(code_of(CHECK, Endpoint.parse(f"localhost:{port}")))


def test_the_static_table_shows_no_path_of_this_machine(fake, monkeypatch):
    monkeypatch.setenv("AK_ENDPOINT", fake.url)
    form = EndpointForm()
    form.wait(10)
    shown = form._repr_mimebundle_()["text/html"]
    assert "ArmoniK at a socket of this machine" in shown
    assert fake.url.removeprefix("unix://") not in shown
