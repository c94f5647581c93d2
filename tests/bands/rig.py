"""A band on a virtual air and a link to it: real GATT on both ends, time moved by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from firmware_sim.air import Air
from firmware_sim.band import PlayedBand, make_firmware, virtual_band
from firmware_sim.firmware import Firmware
from firmware_sim.hub import Hub
from firmware_sim.motion import Samples
from tracker.bands.arrivals import Arrival, Greeting
from tracker.bands.bonds import Bonds
from tracker.bands.bumble_radio import BumbleRadio
from tracker.bands.link import BandLink, Limits
from tracker.bands.link_state import LinkState
from tracker.bands.radio import Radio
from tracker.bands.reader import Cursor

ADDRESS = "F0:F1:F2:F3:F4:01"
FRAME_S = 0.5  # 25 samples at 50 Hz
PATIENCE_S = 10.0  # for anything that should take milliseconds
# As the defaults, only sooner. A scan must outlast a few advertising intervals.
SOON = Limits(
    scan_s=0.5,
    connect_s=2.0,
    request_s=1.0,
    silence_s=0.4,
    first_pause_s=0.02,
    longest_pause_s=0.1,
)


class Still:
    """A band that lies still, at 50 Hz, for ever: what moves it is no matter here."""

    rate_hz = 50.0
    range_g = 2
    duration_s = 1e9
    ended = False

    def __init__(self) -> None:
        self._n = 0

    def read(self, until_s: float) -> Samples:
        end = max(self._n, int(np.ceil(until_s * self.rate_hz)))
        t_s = np.arange(self._n, end) / self.rate_hz
        self._n = end
        return Samples(t_s, np.tile([0.0, 0.0, 1.0], (len(t_s), 1)))


def still_firmware(*, ring_frames: int = 100_000, boot_id: int = 1) -> Firmware:
    """A band whose ring is still empty."""
    return make_firmware(Still(), frames=ring_frames, boot_id=boot_id)


def fill(firmware: Firmware, frames: int) -> None:
    """Let the band write so many frames more."""
    made = firmware.frames_made + frames
    while firmware.frames_made < made:
        firmware.advance(firmware.now_s + FRAME_S)


async def send(band: PlayedBand, frames: int) -> None:
    """Let the band write so many frames more and notify whoever listens."""
    fill(band.firmware, frames)
    await band.gatt.publish()


async def soon(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Wait until this holds; the test fails when it never does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of any state, also one that tells nobody
            await asyncio.sleep(0.002)


@dataclass
class Linked:
    """A link that runs, and all that came of it."""

    link: BandLink
    queue: asyncio.Queue[Arrival | Greeting]
    states: list[LinkState]
    task: asyncio.Task[None]
    arrivals: list[Arrival] = field(default_factory=list)
    greetings: list[Greeting] = field(default_factory=list)

    @property
    def got(self) -> list[tuple[int, int]]:
        """(boot_id, seq) of each frame, in the order it came."""
        return [(arrival.frame.boot_id, arrival.frame.seq) for arrival in self.arrivals]

    async def take(self) -> None:
        """Wait for the next frame or greeting."""
        if not self.queue.empty():
            self._keep(self.queue.get_nowait())
            return
        getting = asyncio.ensure_future(self.queue.get())
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({getting, self.task}, return_when=asyncio.FIRST_COMPLETED)
        if not getting.done():
            getting.cancel()
            self.task.result()
        self._keep(getting.result())

    async def end(self) -> None:
        """Wait until the link ends by itself; raises what ended it."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.shield(self.task)

    def _keep(self, come: Arrival | Greeting) -> None:
        match come:
            case Arrival() as arrival:
                self.arrivals.append(arrival)
            case greeting:
                self.greetings.append(greeting)

    async def take_frames(self, total: int) -> None:
        """Wait until so many frames have come in all."""
        while len(self.arrivals) < total:
            await self.take()

    async def take_greetings(self, total: int) -> None:
        """Wait until the band has greeted so many times in all."""
        while len(self.greetings) < total:
            await self.take()


@asynccontextmanager
async def linked(
    radio: Radio,
    *,
    stored: Cursor | None = None,
    address: str = ADDRESS,
    queue_size: int = 1000,
    limits: Limits = SOON,
    on_change: Callable[[LinkState], None] = lambda _state: None,
) -> AsyncIterator[Linked]:
    """A link to the band at this address, ended when the block is left."""
    queue: asyncio.Queue[Arrival | Greeting] = asyncio.Queue(queue_size)
    states: list[LinkState] = []

    def changed(state: LinkState) -> None:
        states.append(state)
        on_change(state)

    link = BandLink("band1", address, radio, _known(stored), queue, changed, limits=limits)
    task = asyncio.create_task(link.run())
    try:
        yield Linked(link, queue, states, task)
    finally:
        task.cancel()
        await asyncio.wait({task})


def _known(cursor: Cursor | None) -> Callable[[], Awaitable[Cursor | None]]:
    async def known() -> Cursor | None:
        return cursor

    return known


@asynccontextmanager
async def radio_on(air: Air, where: Path) -> AsyncIterator[BumbleRadio]:
    """A dongle on this air, reached as from another process: over a socket in this folder."""
    hub = Hub(air)
    radio = BumbleRadio(await hub.listen(f"unix:{where / 'air'}"), Bonds(where / "bonds"))
    try:
        yield radio
    finally:
        await radio.close()
        await hub.close()


@dataclass
class Rig:
    """A band, the air, and a radio."""

    air: Air
    band: PlayedBand
    radio: BumbleRadio


@asynccontextmanager
async def rig(where: Path, firmware: Firmware, *, mtu: int = 247) -> AsyncIterator[Rig]:
    """All three, the band advertising."""
    air = Air()
    async with (
        virtual_band(firmware, air, address=ADDRESS, mtu=mtu) as band,
        radio_on(air, where) as radio,
    ):
        await advertise_fast(band)
        yield Rig(air, band, radio)


async def advertise_fast(band: PlayedBand) -> None:
    """As often as Bluetooth allows, so that a test waits less for the next advertisement."""
    device = band.gatt.device
    await device.stop_advertising()
    await device.start_advertising(
        auto_restart=True, advertising_interval_min=20, advertising_interval_max=20
    )


def numbers(first: int, end: int, boot_id: int = 1) -> list[tuple[int, int]]:
    """(boot_id, seq) from `first` to before `end`."""
    return [(boot_id, seq) for seq in range(first, end)]
