"""The compute plane: partitions of pods. A pod is a scheduling agent beside one worker process.

It takes tasks from the data plane's queues and knows nothing of clients.
"""
