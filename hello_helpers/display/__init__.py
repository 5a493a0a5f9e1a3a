"""What people look at, each as a picture, a table, and a line of text."""

from __future__ import annotations

from hello_helpers.display.journey import Journey, journey

__all__ = ["Journey", "journey"]
