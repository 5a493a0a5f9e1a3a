"""The benchmark: ``python -m tests.benchmarks``. See ``__main__.py``."""
