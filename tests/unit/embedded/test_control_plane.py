"""The control plane on order: away as long as anybody wants it away, and then back."""

import asyncio
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from armonik.protogen.client.versions_service_pb2_grpc import VersionsStub
from armonik.protogen.common.versions_common_pb2 import ListVersionsRequest

from hello_helpers.embedded.control_plane.server import ControlPlane

from .world import World, played


async def answers(address: str) -> bool:
    options = (("grpc.use_local_subchannel_pool", 1),)  # else it remembers that nobody was there
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        with suppress(grpc.aio.AioRpcError):
            await VersionsStub(channel).ListVersions(ListVersionsRequest())
            return True
    return False


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@played
async def test_after_absences_that_overlap_it_comes_back_when_the_last_one_is_over(
    world: World, tmp_path: Path, order: tuple[int, int]
) -> None:
    address = f"unix://{tmp_path}/s"
    control_plane = ControlPlane(world.plane)
    await control_plane.start(address)
    assert await answers(address)
    ends = [asyncio.Event(), asyncio.Event()]
    absences = [asyncio.create_task(control_plane.be_away(end.wait())) for end in ends]
    await control_plane.gone.wait()
    earlier, later = order
    ends[earlier].set()
    await absences[earlier]
    assert not await answers(address)
    ends[later].set()
    await absences[later]
    assert await answers(address)
    again = asyncio.create_task(control_plane.be_away(asyncio.sleep(0)))
    await again
    assert await answers(address)
    await control_plane.stop()
