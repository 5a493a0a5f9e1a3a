"""Forms for the notebooks: they collect, validate in words, run, and show the Python that ran."""

from __future__ import annotations

from hello_helpers.forms.endpoint_form import EndpointForm
from hello_helpers.forms.values_form import ValuesForm

__all__ = ["EndpointForm", "ValuesForm"]
