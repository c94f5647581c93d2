"""Another program searches at the same time: BlueZ refuses, or loses the answer to one of them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bands.rig import linked, soon
from tests.bands.test_system_radio import system_bus

if sys.platform != "linux":
    pytest.skip("BlueZ and D-Bus are Linux's", allow_module_level=True)

from tests.bands.bluez_with_a_band import BlueZWithABand, bluez_with_a_band
from tracker.bands.bluez_radio import BlueZRadio

SOMEBODY = "F0:F1:F2:F3:F4:77"


@pytest_asyncio.fixture
async def bluez(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BlueZWithABand]:
    monkeypatch.setattr("tracker.bands.radio.START_S", 1.0)
    monkeypatch.setattr("tracker.bands.radio.STOP_S", 1.0)
    monkeypatch.setattr("tracker.bands.bluez_radio.TURN_S", 0.01)
    async with system_bus(tmp_path, monkeypatch) as address, bluez_with_a_band(address) as one:
        yield one


async def test_a_search_that_is_refused_in_passing_is_no_trouble(bluez: BlueZWithABand) -> None:
    bluez.refuses = 3
    async with linked(BlueZRadio()) as run:
        await soon(lambda: run.link.state.connected)
    assert not bluez.refuses
    assert not run.link.state.faults


async def test_a_search_whose_begin_bluez_does_not_tell_is_begun_anew(
    bluez: BlueZWithABand,
) -> None:
    bluez.loses.append("StartDiscovery")
    async with linked(BlueZRadio()) as run:
        await soon(lambda: run.link.state.connected)
    assert not bluez.loses
    assert run.link.state.faults == {"no_answer": 1}


async def test_a_search_whose_end_bluez_does_not_tell_leaves_room_for_the_next(
    bluez: BlueZWithABand,
) -> None:
    bluez.loses.append("StopDiscovery")
    async with linked(BlueZRadio()) as run:
        await soon(lambda: run.link.state.connected)
        assert not bluez.loses
        await bluez.drop()
        await soon(lambda: run.link.state.connected and run.link.state.reconnects == 1)
    assert run.link.state.faults == {"disconnected": 1}


async def test_a_band_that_is_connected_meanwhile_comes_back_by_itself(
    bluez: BlueZWithABand,
) -> None:
    """Its connection is watched from the place on the bus that is left."""
    radio = BlueZRadio()
    async with linked(radio) as run:
        await soon(lambda: run.link.state.connected)
        bluez.loses.append("StartDiscovery")
        with pytest.raises(TimeoutError):
            await radio.find(SOMEBODY, 0.1)
        await soon(lambda: run.link.state.connected and run.link.state.reconnects == 1)
        async with asyncio.timeout(5):
            assert await radio.find(SOMEBODY, 0.1) is None
    assert run.link.state.faults == {"disconnected": 1}
