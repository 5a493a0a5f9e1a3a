"""The rows of the benchmark, each with whom it is compared; ``--rows`` takes the names.

The raw limit makes the same calls as ours: batched creation, batched submission, one stream (which
tells of each payload and result that it is there, and of each result when it is completed), several
downloads at once. A server that does nothing else answers all of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.messages import Payload, Result
from hello_helpers.steps import (
    create_payload,
    create_session,
    open_channel,
    submit_task,
    wait_for_result,
)
from tests.commands import hello_armonik

from . import bulk, crowd, hello, hellos, peers
from .limit import both, run_with
from .measuring import Contender, Race, Sample, seconds
from .plan import BATCH, OURS, Plan

DOWNLOADS = (1, 4, 8)

# --- programs: from the start to the first result


def command(*arguments: str) -> None:
    """Run a command of ours; its output must say that it went well."""
    done = hello_armonik(*arguments)
    assert done.returncode == 0, done.stderr


def _start(row: str, *before: str) -> Sample:
    """Time a run after another command, to the end of its process; and stop what it has started."""
    command(*before)
    took = seconds(lambda: command("run"))
    command("stop")
    return Sample({row: [took]})


def cold(plan: Plan) -> list[Race]:
    """Start with nothing running. How long it takes a peer to end its cluster does not count."""
    row = "cold start to first result"
    others = peers.contenders(plan, "first", 0, lambda first, _: {row: [first]})
    ours = Contender(OURS, lambda: _start(row, "stop"))
    return [Race({row: "s"}, [ours, *others], plan.repeat)]


def attached(plan: Plan) -> list[Race]:
    """Start beside an embedded ArmoniK; compare with cold starts, our own too."""
    row = "attached run, whole process"
    others = peers.contenders(plan, "first", 0, lambda first, _: {row: [first]})
    ours = Contender(OURS, lambda: _start(row, "run"))
    own = Contender(f"{OURS}, cold start", lambda: _start(row, "stop"))
    return [Race({row: "s"}, [ours, own, *others], plan.repeat)]


# --- what hellos are made of


def deaf(plan: Plan) -> list[Race]:
    """Wait as the lessons do; compare with a stream of events that tells nothing."""
    row = "warm hello with the wait of the lessons"

    def measure(hears: bool) -> Sample:
        with EmbeddedArmonik() as armonik, open_channel(armonik.endpoint) as channel:
            session_id = create_session(channel)
            heard_of = session_id if hears else "another session, in which nothing happens"

            def hello() -> None:
                data = create_payload(channel, session_id, Payload([1, 2, 3]))
                submit_task(channel, session_id, data)
                wait_for_result(channel, heard_of, data.result_id)

            hello()
            return Sample({row: [seconds(hello) * 1000 for _ in range(min(plan.warm, 20))]})

    ours = Contender(OURS, lambda: measure(hears=True))
    beside = Contender(f"{OURS}, deaf stream", lambda: measure(hears=False))
    return [Race({row: "ms"}, [ours, beside], plan.fewer)]


def submission(plan: Plan) -> list[Race]:
    """Submit tasks in batches. The session is paused, so that nothing else happens meanwhile."""
    row = f"submission alone: {plan.count:,} tasks, {BATCH} in a call"

    def rate(client: hello.Hello) -> Sample:
        payload_ids = client.create(hello.payloads(plan.count))
        output_ids = client.announce(plan.count)
        client.pause()
        return Sample({row: [plan.count / seconds(lambda: client.submit(payload_ids, output_ids))]})

    return [Race({row: "tasks/s"}, both(rate), plan.repeat)]


def results(plan: Plan) -> list[Race]:
    """Create results with data, in batches, and download them with more and more at once."""
    create = f"results alone: create {plan.count:,}, {BATCH} in a call"
    fetch = {at_once: f"download {plan.count:,}, {at_once} at once" for at_once in DOWNLOADS}

    def rates(client: hello.Hello) -> Sample:
        contents, ids = hello.payloads(plan.count), []
        took = {create: seconds(lambda: ids.extend(client.create(contents)))}
        for at_once, row in fetch.items():
            took[row] = seconds(lambda n=at_once: client.download(ids, n))
        return Sample({row: [plan.count / each] for row, each in took.items()})

    units = dict.fromkeys([create, *fetch.values()], "results/s")
    return [Race(units, both(rates), plan.repeat)]


def tree(plan: Plan) -> list[Race]:
    """Have each task split its numbers in two; a third task joins the sums."""
    count = plan.leaves + 2 * (plan.leaves - 1)  # its leaves, and two for each split
    row = f"tree of {count:,} subtasks"

    def add(client: hello.Hello, numbers: Sequence[int], threshold: int) -> None:
        payload_ids = client.create([Payload(list(numbers), threshold).serialize()])
        output_ids = client.announce(1)
        client.submit(payload_ids, output_ids)
        client.wait(output_ids)
        (data,) = client.download(output_ids, 1)
        assert Result.deserialize(data).value == sum(numbers)

    def rate(client: hello.Hello) -> Sample:
        add(client, [1, 2, 3, 4], 2)
        return Sample({row: [count / seconds(lambda: add(client, range(plan.leaves), 1))]})

    others = peers.contenders(
        plan, "tree", plan.leaves, lambda _, took: {row: [count / took[0]]}, peers.NO_TREE
    )
    ours = Contender(OURS, lambda: run_with(hello.client, rate))
    return [Race({row: "tasks/s"}, [ours, *others], plan.fewer)]


def rest(plan: Plan) -> list[Race]:
    """Have nobody use it. Of Dask, the client's process holds the scheduler, too."""
    units = {
        "memory at rest, two workers": "MB",
        "memory at rest, shared pages once": "MB",
        "CPU at rest, two workers": "% of a core",
    }

    def values(figures: Sequence[float]) -> Mapping[str, Sequence[float]]:
        return {row: [figure] for row, figure in zip(units, figures, strict=True)}

    def ours(client: hello.Hello) -> Sample:
        return Sample(values(peers.resting(client.armonik.process.pid, plan.watch)))

    note = "without its client; the figures of the peers include theirs"
    contenders = [
        Contender(OURS, lambda: run_with(hello.client, ours), note),
        *peers.contenders(plan, "rest", math.ceil(plan.watch), lambda _, found: values(found)),
    ]
    return [Race(units, contenders, plan.fewer)]


ROWS: Mapping[str, Callable[[Plan], list[Race]]] = {
    "cold": cold,
    "attached": attached,
    "warm": hellos.warm,
    "deaf": deaf,
    "many": hellos.many,
    "long": hellos.long,
    "submission": submission,
    "results": results,
    "tree": tree,
    "bulk": bulk.races,
    "rest": rest,
    "crowd": crowd.beside,
    "crowd-rate": crowd.rate,
}
