"""The short road to a Python worker: the agent's hand inside the worker's own process.

A pod is an agent beside its worker, so the two may be closer than two gRPC servers on sockets. If a
worker command is a Python program of this very Python, the pod runs it through `launcher`: the
program's ``ArmoniKWorker`` then takes its tasks from a private socket instead of opening a gRPC
server, and small data travels along instead of through files. ``ArmoniKWorker``, ``TaskHandler``
and the messages are ArmoniK's own, and its calls to the agent go over gRPC; the worker program
cannot tell the difference.

Nothing is lost if it cannot work (another Python, another language, a worker that opens its own
server or answers the agent's calls itself): then the pod takes the long road, the Worker protocol
over gRPC.
"""
