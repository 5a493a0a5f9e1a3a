"""The compute plane: partitions of pods. A pod is a scheduling agent beside one worker process.

In here goes how a task gets from the data plane's queue to a worker, and what becomes of its end.
Not in here: clients, and whatever they can call.
"""
