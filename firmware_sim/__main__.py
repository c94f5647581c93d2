"""`python -m firmware_sim`: the simulated band as a process of its own, and its air."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass

from bumble.transport import open_transport

from firmware_sim.air import Air
from firmware_sim.band import PlayedBand, make_firmware, virtual_band
from firmware_sim.firmware import Buzz, Firmware
from firmware_sim.flash import Flash, FlashError
from firmware_sim.gatt import GattBand
from firmware_sim.hub import Hub
from firmware_sim.options import Options, UsageError, read_options
from tracker.bands.stretchband import Haptic


@dataclass(slots=True)
class Told:
    """Standard output has a JSON line when ready and one at the end; nobody needs to read on.

    Buzzes are shown on standard error.
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


@asynccontextmanager
async def _on_radio(options: Options, firmware: Firmware) -> AsyncIterator[tuple[PlayedBand, str]]:
    """The band on its radio, and the name by which a central reaches it. Raises UsageError."""
    if options.transport is not None:
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            _on_signal(number, _no_air)
        async with _on_dongle(options, options.transport, firmware) as band:
            yield band, options.transport
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
        async with virtual_band(firmware, air, address=options.address, name=options.name) as band:
            yield band, name
    finally:
        await hub.close()


@asynccontextmanager
async def _on_dongle(
    options: Options, transport: str, firmware: Firmware
) -> AsyncIterator[PlayedBand]:
    try:
        real = await open_transport(transport)
    except Exception as error:  # every driver of Bumble's has errors of its own
        raise UsageError(f"--transport {transport}: {error or 'cannot be opened'}") from error
    async with real:
        gatt = GattBand(
            firmware, real.source, real.sink, address=options.address, name=options.name
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


async def serve(options: Options, firmware: Firmware) -> None:
    """Serve until SIGTERM or SIGINT. Raises UsageError when the radio cannot be had."""
    stop = asyncio.Event()
    _on_signal(signal.SIGTERM, stop.set)
    _on_signal(signal.SIGINT, stop.set)
    told = Told()
    async with _on_radio(options, firmware) as (band, transport):
        asked = asyncio.Event()
        band.speed = options.speed
        band.gatt.on_buzz = show_buzz
        band.gatt.on_asked = asked.set
        if not options.start_on_connect:
            asked.set()
        told.say(ready=True, address=options.address, transport=transport)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_play(asked, band), name="play"),
                group.create_task(_tell_the_end(band, told), name="tell the end"),
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()


async def _play(asked: asyncio.Event, band: PlayedBand) -> None:
    await asked.wait()
    await band.play()


async def _tell_the_end(band: PlayedBand, told: Told) -> None:
    await band.ended.wait()
    told.say(ended=True, frames=band.firmware.frames_made)


def _run(arguments: list[str]) -> None:
    options = read_options(arguments)
    capacity, boot_id = options.ring_frames, options.boot_id
    with ExitStack() as stack:
        flash = None
        if options.flash is not None:
            flash = stack.enter_context(closing(Flash(options.flash, capacity)))
        firmware = make_firmware(options.motion, flash=flash, frames=capacity, boot_id=boot_id)
        asyncio.run(serve(options, firmware))


def main() -> int:
    """Run as a command; returns the exit status."""
    try:
        _run(sys.argv[1:])
    except (UsageError, FlashError) as error:
        print(f"firmware_sim: {error}", file=sys.stderr)  # noqa: T201  # a command's output
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
