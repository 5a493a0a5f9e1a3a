"""Stands for a package that no test needs, and whose import takes a second of the processor.

jsonschema imports it if it can; each process does that which reads a notebook or is a JupyterLab.
"""

raise ImportError("the tests do without it")
