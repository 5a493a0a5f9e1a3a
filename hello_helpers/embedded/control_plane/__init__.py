"""The control plane: ArmoniK's public gRPC services, each in a module or with those like it.

In here goes what a client can call, and how messages are read and written for that. Not in here:
what a call changes, which is the data plane's, and pods, of which nothing is known here.
"""
