"""The module that the original page imports and does not show."""

import json


class Payload:
    """Values, as the bytes of JSON text."""

    def __init__(self, values, subtask_threshold=2):
        self.values = values
        self.subtask_threshold = subtask_threshold

    def serialize(self):
        fields = {"values": self.values, "subtask_threshold": self.subtask_threshold}
        return json.dumps(fields).encode()


class Result:
    """A value, from the bytes of JSON text."""

    def __init__(self, value):
        self.value = value

    @classmethod
    def deserialize(cls, data):
        return cls(**json.loads(data))
