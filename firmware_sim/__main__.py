"""`python -m firmware_sim`: the simulated band as a process of its own, and its air."""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial

from bumble.transport import open_transport

from firmware_sim.air import Air
from firmware_sim.band import PlayedBand, make_bonds, make_firmware, virtual_band
from firmware_sim.bonds import Bonds
from firmware_sim.control import Control
from firmware_sim.firmware import Buzz, Firmware
from firmware_sim.flash import Flash, FlashError
from firmware_sim.framing import FRAME_S
from firmware_sim.gatt import GattBand
from firmware_sim.hub import Hub
from firmware_sim.options import Options, UsageError, read_options
from tracker.bands.stretchband import Haptic


@dataclass(slots=True)
class Told:
    """Standard output has a JSON line when ready and one at the end; nobody needs to read on.

    With --control there is one more for each line of standard input. Buzzes are shown on standard
    error.
    """

    open: bool = True

    def say(self, **what: object) -> None:
        if not self.open:
            return
        try:
            print(json.dumps(what), flush=True)  # noqa: T201  # a command's output
        except BrokenPipeError:
            self.open = False


def show_buzz(buzz: Buzz) -> None:
    """What the wearer feels, as a line on standard error."""
    match buzz.what:
        case Haptic(pulses, on_s, off_s):
            text = f"{pulses} x {on_s:g} s, {off_s:g} s apart"
        case level:
            text = ("off", "mild", "strong")[level]
    print(f"{buzz.t_s:9.3f} s  bzz {text}", file=sys.stderr)  # noqa: T201  # a command's output


@dataclass(frozen=True, slots=True)
class _OnAir:
    """Bands on a radio, the name by which a central reaches it, and the air if it is ours."""

    bands: Sequence[PlayedBand]
    transport: str
    air: Air | None


@asynccontextmanager
async def _on_radio(
    options: Options, firmwares: Sequence[Firmware], bonds: Sequence[Bonds]
) -> AsyncIterator[_OnAir]:
    """The bands, advertising. Raises UsageError when the radio cannot be had."""
    if options.transport is not None:
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            _on_signal(number, _no_air)
        async with _on_dongle(options, options.transport, firmwares[0], bonds[0]) as band:
            yield _OnAir([band], options.transport, None)
        return
    air = Air()
    hub = Hub(air)
    try:
        try:
            name = await hub.listen(options.listen or "")
        except (ValueError, OSError) as error:
            raise UsageError(f"cannot listen at {options.listen}: {_reason(error)}") from error
        _on_signal(signal.SIGUSR1, air.silence)
        _on_signal(signal.SIGUSR2, air.restore)
        async with AsyncExitStack() as stack:
            bands = [
                await stack.enter_async_context(
                    virtual_band(
                        firmware,
                        air,
                        address=address,
                        name=options.name,
                        mtu=options.mtu,
                        bonds=own,
                    )
                )
                for firmware, address, own in zip(firmwares, options.addresses, bonds, strict=True)
            ]
            yield _OnAir(bands, name, air)
    finally:
        await hub.close()


@asynccontextmanager
async def _on_dongle(
    options: Options, transport: str, firmware: Firmware, bonds: Bonds
) -> AsyncIterator[PlayedBand]:
    try:
        real = await open_transport(transport)
    except Exception as error:  # every driver of Bumble's has errors of its own
        raise UsageError(f"--transport {transport}: {error or 'cannot be opened'}") from error
    async with real:
        gatt = GattBand(
            firmware,
            real.source,
            real.sink,
            address=options.addresses[0],
            name=options.name,
            mtu=options.mtu,
            bonds=bonds,
        )
        await gatt.start()
        try:
            yield PlayedBand(gatt)
        finally:
            await gatt.stop()


def _no_air() -> None:
    print("firmware_sim: only an air of its own can be silenced", file=sys.stderr)  # noqa: T201  # a command's output


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _on_signal(number: signal.Signals, action: Callable[[], object]) -> None:
    asyncio.get_running_loop().add_signal_handler(number, action)


async def serve(options: Options, firmwares: Sequence[Firmware], bonds: Sequence[Bonds]) -> None:
    """Serve until SIGTERM or SIGINT. Raises UsageError when the radio cannot be had."""
    stop = asyncio.Event()
    _on_signal(signal.SIGTERM, stop.set)
    _on_signal(signal.SIGINT, stop.set)
    told = Told()
    async with _on_radio(options, firmwares, bonds) as on_air, _words(options) as words:
        asked = asyncio.Event()
        for band in on_air.bands:
            band.speed = options.speed
            band.gatt.on_buzz = show_buzz
            band.gatt.on_asked = asked.set
            band.on_ended = partial(_tell_the_end, on_air.bands, told)
            if options.button:
                band.gatt.press_button()
        if not options.start_on_connect:
            asked.set()
        ready = {"ready": True, "address": options.addresses[0], "transport": on_air.transport}
        if len(options.addresses) > 1:
            ready["addresses"] = options.addresses
        told.say(**ready)
        async with asyncio.TaskGroup() as group:
            # Bands of different people do not tick together.
            steps_s = FRAME_S / options.speed / len(on_air.bands)
            tasks = [
                group.create_task(_play(asked, band, number * steps_s), name="play")
                for number, band in enumerate(on_air.bands)
            ]
            if words is not None:
                control = Control(on_air.air, on_air.bands, options.next_motion)
                tasks.append(group.create_task(_listen(words, control, told), name="control"))
            await stop.wait()
            for task in tasks:
                task.cancel()


async def _play(asked: asyncio.Event, band: PlayedBand, later_s: float) -> None:
    await asked.wait()
    await asyncio.sleep(later_s)
    await band.play()


def _tell_the_end(bands: Sequence[PlayedBand], told: Told) -> None:
    """When the last band has come to its end."""
    if all(band.ended.is_set() for band in bands):
        told.say(ended=True, frames=sum(band.firmware.frames_made for band in bands))


@asynccontextmanager
async def _words(options: Options) -> AsyncIterator[asyncio.StreamReader | None]:
    """Standard input by lines, when it is to be obeyed. Raises UsageError for a plain file."""
    if not options.control:
        yield None
        return
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
    except ValueError as error:
        raise UsageError("--control: standard input must be a pipe or a terminal") from error
    try:
        yield reader
    finally:
        transport.close()


async def _listen(words: asyncio.StreamReader, control: Control, told: Told) -> None:
    async for line in words:
        told.say(**control.obey(line))


def _run(arguments: list[str]) -> None:
    options = read_options(arguments)
    capacity, boot_id = options.ring_frames, options.boot_id
    with ExitStack() as stack:
        flash = None
        if options.flash is not None:
            flash = stack.enter_context(closing(Flash(options.flash, capacity)))
        firmwares = [
            make_firmware(motion, flash=flash, frames=capacity, boot_id=boot_id)
            for motion in options.motions
        ]
        bonds = [make_bonds(flash) for _ in firmwares]  # --flash is of one band alone
        asyncio.run(serve(options, firmwares, bonds))


def main() -> int:
    """Run as a command; returns the exit status."""
    atexit.register(gc.freeze)  # else its modules would be looked through for garbage, twice
    try:
        _run(sys.argv[1:])
    except (UsageError, FlashError) as error:
        print(f"firmware_sim: {error}", file=sys.stderr)  # noqa: T201  # a command's output
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
