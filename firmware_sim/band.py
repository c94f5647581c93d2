"""A whole simulated band: firmware, GATT server and the time that drives them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from firmware_sim.air import Air
from firmware_sim.bonds import Bonds
from firmware_sim.controller import VirtualController
from firmware_sim.firmware import Firmware, ring_frames
from firmware_sim.flash import Flash
from firmware_sim.gatt import ADDRESS, NAME, GattBand
from firmware_sim.motion import Motion
from firmware_sim.ring import Ring
from tracker.bands.stretchband import MIN_MTU

# Below this a timer says nothing; at high speed several frames are then made at a time.
_SHORTEST_WAIT_S: Final = 0.005
# A slow clock may be told meanwhile to run faster.
_LONGEST_WAIT_S: Final = 0.5


class PlayedBand:
    """A band whose clock runs `speed` times as fast as ours, from the moment `play` is called.

    speed: may be set before `play`; later it takes `run_at`.
    ended: set while the whole motion is in the ring.
    on_ended: called each time that it has ended.
    """

    def __init__(self, gatt: GattBand, speed: float = 1.0) -> None:
        self.gatt = gatt
        self.firmware = gatt.firmware
        self.ended = asyncio.Event()
        self.on_ended: Callable[[], None] = lambda: None
        self.speed = speed
        # The clock showed this at that time of ours (None: not yet begun) and stands from then on.
        self._shown_s = 0.0
        self._since_s: float | None = None
        self._until_s = math.inf

    @property
    def clock_s(self) -> float:
        """What the band's clock shows now, between its frames too."""
        if self._since_s is None:
            return 0.0
        ran_s = asyncio.get_running_loop().time() - self._since_s
        return min(self._shown_s + ran_s * self.speed, max(self._until_s, self._shown_s))

    def run_until(self, moment_s: float) -> None:
        """Let the clock stand when it shows this; it goes on as soon as a later moment is said."""
        self._set_clock(self.clock_s)
        self._until_s = moment_s

    def run_at(self, speed: float) -> None:
        """Let the clock run so many times as fast as ours from what it shows now."""
        self._set_clock(self.clock_s)
        self.speed = speed

    def _set_clock(self, shown_s: float) -> None:
        self._shown_s = shown_s
        if self._since_s is not None:
            self._since_s = asyncio.get_running_loop().time()

    def wake(self, after_s: float, motion: Motion) -> None:
        """Let it have slept so long, which takes no time, and move again.

        Raises ValueError while it is awake.
        """
        self.firmware.wake(self.firmware.now_s + after_s, motion)
        self._set_clock(self.clock_s + after_s)
        self.ended.clear()

    async def play(self) -> None:
        """Move the firmware on with the time; for ever, since the clock outlives the motion."""
        self._since_s = asyncio.get_running_loop().time()
        while True:
            now_s = self.clock_s
            self.firmware.advance(now_s)
            await self.gatt.publish()
            if self.firmware.ended and not self.ended.is_set():
                self.ended.set()
                self.on_ended()
            wait_s = (self.firmware.next_frame_s - now_s) / self.speed
            await asyncio.sleep(min(max(wait_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))


def make_firmware(
    motion: Motion, *, flash: Flash | None = None, frames: int | None = None, boot_id: int = 1
) -> Firmware:
    """A band just switched on. With a flash its ring and its next boot_id come from there.

    frames: the ring's capacity; by default what holds two hours.
    """
    capacity = frames or ring_frames(motion.rate_hz)
    if flash is None:
        return Firmware(motion, Ring(capacity), boot_id)
    return Firmware(motion, Ring(capacity, list(flash.frames), flash), flash.boot_id)


def make_bonds(flash: Flash | None) -> Bonds:
    """The bonds of a band just switched on; without a flash it has never met anyone."""
    return Bonds() if flash is None else Bonds(flash.bonded, flash)


@asynccontextmanager
async def virtual_band(
    firmware: Firmware,
    air: Air,
    *,
    address: str = ADDRESS,
    name: str = NAME,
    mtu: int = MIN_MTU,
    speed: float | None = None,
    bonds: Bonds | None = None,
) -> AsyncIterator[PlayedBand]:
    """A band on this air, advertising. It plays when `speed` is given; else the caller moves it."""
    controller = VirtualController(f"band {address}", air)
    gatt = GattBand(
        firmware, controller, controller, address=address, name=name, mtu=mtu, bonds=bonds
    )
    band = PlayedBand(gatt, speed or 1.0)
    await gatt.start()
    playing = asyncio.create_task(band.play(), name=f"play {address}") if speed else None
    try:
        yield band
    finally:
        if playing is not None:
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
        await gatt.stop()
        controller.leave()
