"""The data plane: tables (SQLite), objects (files), a queue per partition, a change feed.

It knows neither gRPC services nor workers. The control plane and the compute plane call its
functions; each function is one transaction, or takes part in one.
"""
