"""What people look at, each as a picture or a table, and as text."""

from __future__ import annotations

from hello_helpers.display.journey import Journey, journey
from hello_helpers.display.tables import Table, facts, listing

__all__ = ["Journey", "Table", "facts", "journey", "listing"]
