"""The smallest worker: an `@armonik_worker` program as anyone would write it for a real pod."""

from armonik.common import Output
from armonik.worker import TaskHandler, armonik_worker


@armonik_worker()
def processor(task: TaskHandler) -> Output:
    task.send_results({task.expected_results[0]: b"plain: " + task.payload})
    return Output()


if __name__ == "__main__":
    processor.run()
