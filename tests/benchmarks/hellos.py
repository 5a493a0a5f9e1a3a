"""The rows of whole hellos: one after the other, and many at once, on both roads to a worker."""

from . import hello, peers
from .limit import Deed, both
from .measuring import Race, Sample, processor_seconds, seconds
from .plan import AT_ONCE, Plan


def _once(plan: Plan, row: str) -> Deed:
    """Return the deed that says hello several times, one after the other."""
    return lambda client: Sample({row: [seconds(client.once) * 1000 for _ in range(plan.warm)]})


def warm(plan: Plan) -> list[Race]:
    """Say hello, one after the other; the raw calls reach their workers by a private socket."""
    row = "warm hello"
    others = peers.contenders(plan, "warm", plan.warm, lambda _, times: {row: times})
    return [Race({row: "ms"}, [*both(_once(plan, row), workers=2), *others], plan.fewer)]


def many(plan: Plan) -> list[Race]:
    """Send many hellos at once, from the first payload to the last checked result."""
    count = plan.count
    row = f"{count:,} hellos, all checked"

    def phases(client: hello.Hello) -> Sample:
        took = _phases(client, count)
        return Sample({row: [count / sum(took.values())]}, took)

    others = peers.contenders(plan, "many", count, lambda _, took: {row: [count / took[0]]})
    return [Race({row: "tasks/s"}, [*both(phases, workers=2), *others], plan.fewer)]


def _phases(client: hello.Hello, count: int) -> dict[str, float]:
    """Send many hellos at once; return how long each part took."""
    payload_ids, output_ids, data = [], [], []

    def create() -> None:
        payload_ids.extend(client.create(hello.payloads(count)))
        output_ids.extend(client.announce(count))

    took = {
        "create s": seconds(create),
        "submit s": seconds(lambda: client.submit(payload_ids, output_ids)),
        "run s": seconds(lambda: client.wait(output_ids)),
        "download s": seconds(lambda: data.extend(client.download(output_ids, AT_ONCE))),
    }
    client.check(data)
    return took


def long(plan: Plan) -> list[Race]:
    """Have a worker that could be any program, so that the road to it is the long one.

    The raw calls reach workers of the same program over gRPC. What counts of many hellos is the
    time from the first submission to the last event, and the processor time of the whole: client,
    server, workers.
    """
    one, rate = "warm hello, worker over gRPC", "tasks run, workers over gRPC"
    cost = "processor time of a hello, workers over gRPC"
    count = max(1, plan.count // 5)

    def run(client: hello.Hello) -> Sample:
        before = processor_seconds()
        took = _phases(client, count)
        spent = processor_seconds() - before
        ran = took["submit s"] + took["run s"]
        return Sample({rate: [count / ran], cost: [spent / count * 1000]}, took)

    return [
        Race({one: "ms"}, both(_once(plan, one), 2, by_grpc=True), plan.fewer),
        Race({rate: "tasks/s", cost: "ms"}, both(run, 2, by_grpc=True), plan.repeat),
    ]
