"""Tests of the command line, as programs."""
