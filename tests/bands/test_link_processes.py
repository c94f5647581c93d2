"""The link and the simulated band as processes, killed and silenced: none lost, none twice."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bands.central import lines
from tests.bands.rig import ADDRESS, linked, numbers, soon
from tracker.bands.bonds import Bonds
from tracker.bands.bumble_radio import BumbleRadio

FRAMES = 100
SPEED = 100  # 50 s of recording in half a second


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """50 s at 50 Hz: 100 frames of 25 samples."""
    path = tmp_path / "still.csv"
    rows = [f"{n / 50:.2f},0,0,1" for n in range(FRAMES * 25)]
    path.write_text("\n".join(["time_s,x_g,y_g,z_g", *rows, ""]))
    return path


class SimulatedBand:
    """`python -m firmware_sim`, ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    async def line(self) -> dict[str, object]:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            told: dict[str, object] = json.loads(await self.process.stdout.readline())
        return told

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def simulated(recording: Path, *options: str) -> AsyncIterator[SimulatedBand]:
    """A band on an air at `air` beside the recording."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "firmware_sim", "--listen", f"unix:{recording.parent / 'air'}"),
        *("--recording", str(recording), "--speed", str(SPEED), "--start-on-connect", *options),
        stdout=asyncio.subprocess.PIPE,
    )
    band = SimulatedBand(process)
    try:
        assert (await band.line())["ready"] is True
        yield band
    finally:
        if band.is_alive:
            await band.kill()


@asynccontextmanager
async def radio_at(recording: Path) -> AsyncIterator[BumbleRadio]:
    radio = BumbleRadio(f"unix:{recording.parent / 'air'}", Bonds(None))
    try:
        yield radio
    finally:
        await radio.close()


async def test_a_band_killed_and_started_again_goes_on_under_a_new_boot(recording: Path) -> None:
    flash = ("--flash", str(recording.parent / "flash"))
    async with (
        radio_at(recording) as radio,
        simulated(recording, *flash) as first,
        linked(radio) as link,
    ):
        await link.take_frames(40)
        await first.kill()
        await soon(lambda: link.link.state.faults["no_radio"] > 0)
        async with simulated(recording, *flash):
            while link.arrivals[-1].frame.boot_id == 1:
                await link.take()
            # What was in the flash and had not been sent came before the new boot's.
            of_first = len(link.got) - 1
            await link.take_frames(of_first + FRAMES)
        assert link.got == numbers(0, of_first) + numbers(of_first, of_first + FRAMES, 2)


async def test_a_silence_in_the_middle_costs_nothing(recording: Path) -> None:
    async with (
        simulated(recording) as band,
        radio_at(recording) as radio,
        linked(radio) as link,
    ):
        await link.take_frames(40)
        band.process.send_signal(signal.SIGUSR1)
        await soon(lambda: not link.link.state.connected)
        assert (await band.line()) == {"ended": True, "frames": FRAMES}
        band.process.send_signal(signal.SIGUSR2)
        await link.take_frames(FRAMES)
        assert link.got == numbers(0, FRAMES)


async def stored_at_least(path: Path, frames: int) -> None:
    await soon(lambda: len(lines(path)) >= frames, 30)


async def test_a_tracker_killed_again_and_again_stores_each_frame_once(recording: Path) -> None:
    stored = recording.parent / "stored"
    chance = random.Random(2)
    async with simulated(recording) as band:
        for until in [*sorted(chance.sample(range(1, FRAMES), 3)), FRAMES]:
            central = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.bands.central"),
                *(f"unix:{recording.parent / 'air'}", ADDRESS, str(stored)),
            )
            try:
                await stored_at_least(stored, until)
            finally:
                central.kill()  # SIGKILL: nothing is tidied up
                await central.wait()
        assert band.is_alive
    assert lines(stored) == numbers(0, FRAMES)
