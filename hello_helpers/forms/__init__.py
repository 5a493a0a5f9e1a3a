"""Forms for the notebooks: they collect, validate in words, run, and show the Python that ran."""

from __future__ import annotations

from hello_helpers.forms.client_form import ClientForm
from hello_helpers.forms.closing_form import ClosingForm
from hello_helpers.forms.endpoint_form import EndpointForm
from hello_helpers.forms.failure_form import FailureForm
from hello_helpers.forms.many_form import ManyForm
from hello_helpers.forms.payload_form import PayloadForm
from hello_helpers.forms.session_form import SessionForm
from hello_helpers.forms.split_form import SplitForm
from hello_helpers.forms.task_form import TaskForm
from hello_helpers.forms.values_form import ValuesForm

__all__ = [
    "ClientForm",
    "ClosingForm",
    "EndpointForm",
    "FailureForm",
    "ManyForm",
    "PayloadForm",
    "SessionForm",
    "SplitForm",
    "TaskForm",
    "ValuesForm",
]
