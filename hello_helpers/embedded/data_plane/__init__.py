"""The data plane: tables and small objects (SQLite), large ones (files), queues, a change feed.

In here goes what is kept, and how it may change. Not in here: gRPC services and workers. The
control plane and the compute plane call its functions; each function is one transaction, or takes
part in one.
"""
