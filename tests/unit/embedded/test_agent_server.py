"""The server of a pod's agent, at its beginning and end."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from hello_helpers.embedded.compute_plane.addresses import Addresses
from hello_helpers.embedded.compute_plane.agent_service import Agent, serving

from .world import played


@pytest.mark.parametrize("steps", range(4))
@played
async def test_a_pod_that_is_ended_while_its_server_starts_ends_in_good_order(
    tmp_path: Path, steps: int
) -> None:
    lost: list[Any] = []  # errors that nobody has asked for
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))

    async def serve() -> None:
        async with serving(Agent(), Addresses.unix(tmp_path)):
            await asyncio.Event().wait()

    pod = asyncio.create_task(serve())
    for _ in range(steps):
        await asyncio.sleep(0)
    pod.cancel()
    await asyncio.wait({pod})
    assert pod.cancelled()
    gc.collect()
    assert lost == []
