"""The link against the simulated band: real GATT, faults in the air between."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from firmware_sim.air import Air, of_notifications
from firmware_sim.band import virtual_band
from firmware_sim.hub import Hub
from tests.bands.rig import (
    ADDRESS,
    SOON,
    fill,
    linked,
    numbers,
    radio_on,
    rig,
    send,
    soon,
    still_firmware,
)
from tracker.bands.bonds import Bonds
from tracker.bands.bumble_radio import BumbleRadio
from tracker.bands.link import Limits
from tracker.bands.link_state import LinkState
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.reader import Cursor
from tracker.bands.stretchband import Haptic, decode_frame

PATIENT = Limits(scan_s=0.5, first_pause_s=0.02, longest_pause_s=0.1)  # with a watchdog of 10 s


# -- reading


async def test_the_whole_ring_comes_first_and_then_each_frame_as_it_is_made(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 300)
    async with rig(tmp_path, firmware) as r, linked(r.radio) as link:
        await link.take_frames(300)
        for n in range(301, 306):
            await send(r.band, 1)
            await link.take_frames(n)
        assert link.got == numbers(0, 305)
        assert link.greetings[0].status.head_seq == 300
        assert not link.link.state.faults


async def test_a_stored_cursor_is_read_on_from(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 50)
    async with rig(tmp_path, firmware) as r, linked(r.radio, stored=Cursor(1, 41)) as link:
        await link.take_frames(8)
        await send(r.band, 1)
        await link.take_frames(9)
        assert link.got == numbers(42, 51)


async def test_the_state_tells_what_is_known_of_the_band(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 1)
    async with rig(tmp_path, firmware) as r, linked(r.radio) as link:
        await link.take_frames(1)
        await soon(lambda: link.link.state.last_frame_s is not None)
        state = link.link.state
        assert (state.connected, state.rssi, state.reconnects) == (True, -50, 0)
        assert (state.battery, state.firmware, state.trouble) == (96, "1.0.0", None)
        assert state.last_frame_s == link.arrivals[0].host_s
        assert link.states[-1] == state


async def test_a_battery_level_that_is_none_is_not_shown_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    firmware = still_firmware()
    async with rig(tmp_path, firmware) as r, linked(r.radio) as link:
        await soon(lambda: link.link.state.battery == 96)
        level = r.band.gatt.battery.battery_level_characteristic
        for number, told in enumerate((101, 255), 1):
            await r.band.gatt.device.notify_subscribers(level, told)
            await soon(lambda: link.link.state.faults["battery"] == number)  # noqa: B023
            assert link.link.state.battery is None
        await r.band.gatt.device.notify_subscribers(level, 0)
        await soon(lambda: link.link.state.battery == 0)
    assert [text for text in caplog.messages if "battery" in text] == [
        "band1 tells a battery level of 101, which is none: it is not shown."
    ]


async def test_a_falling_battery_is_told(tmp_path: Path) -> None:
    firmware = still_firmware(ring_frames=10)
    async with rig(tmp_path, firmware) as r, linked(r.radio, limits=PATIENT) as link:
        await soon(lambda: link.link.state.connected)
        firmware.advance(3600.0)  # two percent an hour
        await r.band.gatt.publish()
        await soon(lambda: link.link.state.battery == 94)


async def test_two_bands_share_a_radio(tmp_path: Path) -> None:
    air, other = Air(), "F0:F1:F2:F3:F4:02"
    first, second = still_firmware(), still_firmware(boot_id=7)
    fill(first, 20)
    fill(second, 30)
    async with (
        virtual_band(first, air, address=ADDRESS),
        virtual_band(second, air, address=other),
        radio_on(air, tmp_path) as radio,
        linked(radio, address=ADDRESS) as one,
        linked(radio, address=other) as two,
    ):
        await asyncio.gather(one.take_frames(20), two.take_frames(30))
        assert one.got == numbers(0, 20)
        assert two.got == numbers(0, 30, boot_id=7)


# -- buzzing


async def test_buzzes_reach_the_band(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio, limits=PATIENT) as link:
        await soon(lambda: link.link.state.connected)
        assert await link.link.buzz(2)
        assert await link.link.haptic(Haptic(pulses=2, on_s=0.15, off_s=0.1))
        felt = [buzz.what for buzz in r.band.firmware.buzzes]
        assert felt == [2, Haptic(pulses=2, on_s=0.15, off_s=0.1)]


async def test_a_buzz_without_a_connection_is_false(tmp_path: Path) -> None:
    async with radio_on(Air(), tmp_path) as radio, linked(radio) as link:
        assert not await link.link.buzz(1)
        assert not await link.link.haptic(Haptic(1, 0.1, 0.1))


async def test_a_buzz_into_a_silent_air_is_false_in_time(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio) as link:
        await soon(lambda: link.link.state.connected)
        r.air.silence()
        async with asyncio.timeout(3):
            assert not await link.link.haptic(Haptic(1, 0.1, 0.1))


async def test_an_alert_level_that_there_is_not_is_refused(tmp_path: Path) -> None:
    async with radio_on(Air(), tmp_path) as radio, linked(radio) as link:
        with pytest.raises(ValueError, match="alert level 3: 0, 1 or 2"):
            await link.link.buzz(3)


# -- the connection is lost


async def test_a_dropped_link_resumes_at_the_next_frame(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio) as link:
        for dropped in range(1, 4):
            await send(r.band, 10)
            await link.take_frames(15 * dropped - 5)
            r.air.drop_links()
            await send(r.band, 5)
            await link.take_frames(15 * dropped)
        assert link.got == numbers(0, 45)
        assert link.link.state.reconnects == 3
        assert link.link.state.faults == {"disconnected": 3}


async def test_out_of_range_costs_nothing_but_time(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio) as link:
        await send(r.band, 10)
        await link.take_frames(10)
        r.air.silence()
        await soon(lambda: not link.link.state.connected)
        await send(r.band, 200)
        await soon(lambda: link.link.state.faults["not_seen"] > 1)
        r.air.restore()
        await link.take_frames(210)
        assert link.got == numbers(0, 210)


async def test_an_absent_band_is_said_to_be_absent_until_it_comes(tmp_path: Path) -> None:
    air, firmware = Air(), still_firmware()
    fill(firmware, 3)
    async with AsyncExitStack() as stack:
        radio = await stack.enter_async_context(radio_on(air, tmp_path))
        link = await stack.enter_async_context(linked(radio))
        await soon(lambda: link.link.state.trouble is not None)
        assert link.link.state.trouble == (
            "band1 is not heard; is it charged, within a room or two, "
            "and connected to nothing else?"
        )
        await stack.enter_async_context(virtual_band(firmware, air))
        await link.take_frames(3)
        await soon(lambda: link.link.state.trouble is None)


async def test_refused_connects_are_tried_again(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r:
        r.air.refuse = True
        async with linked(r.radio) as link:
            await soon(lambda: link.link.state.faults["failed"] == 2)
            assert not link.link.state.connected
            r.air.refuse = False
            await link.take_frames(3)
            assert link.got == numbers(0, 3)


async def test_frames_that_wait_in_the_queue_are_not_asked_for_again(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio) as link:
        await send(r.band, 20)
        await soon(lambda: link.queue.qsize() == 21)  # a greeting, and frames nobody has stored
        r.air.drop_links()
        await soon(lambda: link.link.state.reconnects == 1)
        await send(r.band, 1)
        await link.take_frames(21)
        assert link.got == numbers(0, 21)


async def test_an_ended_link_leaves_the_band_free_for_another(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 5)
    async with rig(tmp_path, firmware) as r:
        for _ in range(3):
            async with linked(r.radio) as link:
                await link.take_frames(5)
            assert not r.band.gatt.device.connections


# -- connected, and yet


async def test_a_half_open_link_is_ended_by_the_watchdog(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio) as link:
        await send(r.band, 3)
        await link.take_frames(3)
        r.air.fault = of_notifications(lambda _frame: [])
        await send(r.band, 4)
        await soon(lambda: link.link.state.faults["silent"] == 1)
        r.air.fault = None
        await link.take_frames(7)
        assert link.got == numbers(0, 7)


async def test_an_air_that_answers_nothing_is_ended_by_the_watchdog(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio) as link:
        await send(r.band, 3)
        await link.take_frames(3)
        r.air.fault = lambda _frame: []  # advertising and connecting still work
        await send(r.band, 4)
        await soon(lambda: link.link.state.faults["no_answer"] >= 1)
        assert link.link.state.trouble == "band1 does not answer."
        r.air.fault = None
        await link.take_frames(7)
        assert link.got == numbers(0, 7)


async def test_a_band_with_nothing_to_send_is_left_connected(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r, linked(r.radio) as link:
        await link.take_greetings(4)  # one at the connect, one in each silence
        assert link.link.state.connected
        assert link.link.state.reconnects == 0
        await send(r.band, 1)
        await link.take_frames(4)
        assert link.got == numbers(0, 4)


async def test_a_link_too_narrow_for_a_frame_is_said_to_be(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware(), mtu=100) as r, linked(r.radio) as link:
        await soon(lambda: link.link.state.faults["mtu_too_small"] == 2)
        assert not link.link.state.connected
        assert link.link.state.trouble == (
            "band1 needs packets of 247 bytes, "
            "which this Bluetooth adapter or its driver does not offer."
        )


async def test_pauses_grow_with_failures(tmp_path: Path) -> None:
    growing = Limits(scan_s=0.3, request_s=1.0, first_pause_s=0.1, longest_pause_s=0.4)
    times: list[float] = []

    def changed(state: LinkState) -> None:
        if state.trouble is not None and state.faults["mtu_too_small"] > len(times):
            times.append(asyncio.get_running_loop().time())

    async with (
        rig(tmp_path, still_firmware(), mtu=100) as r,
        linked(r.radio, limits=growing, on_change=changed),
    ):
        await soon(lambda: len(times) == 5)
    pauses = [after - before for before, after in pairwise(times)]
    # Half to the whole of 0.1, 0.2, 0.4, 0.4 s, and up to an advertising interval for the scan.
    for pause, least in zip(pauses, (0.05, 0.1, 0.2, 0.2), strict=True):
        assert pause >= least


async def test_pauses_do_not_grow_with_absence(tmp_path: Path) -> None:
    limits = Limits(scan_s=0.05, first_pause_s=0.05, longest_pause_s=60)
    async with radio_on(Air(), tmp_path) as radio, linked(radio, limits=limits) as link:
        await soon(lambda: link.link.state.faults["not_seen"] == 10)  # doubling takes 12 s and more


# -- notifications are lost, doubled, damaged


async def deliver_all(tmp_path: Path, spoil: object, frames: int = 200) -> dict[str, int]:
    """Stream frames through a spoiled air; returns the faults, all frames being there."""
    firmware = still_firmware()
    fill(firmware, frames // 2)
    async with rig(tmp_path, firmware) as r:
        r.air.fault = of_notifications(spoil)  # type: ignore[arg-type]  # see the callers
        async with linked(r.radio) as link:
            while firmware.frames_made < frames:
                await send(r.band, 1)
                await asyncio.sleep(0)
            await link.take_frames(frames)
            assert link.got == numbers(0, frames)
            assert link.link.state.reconnects == link.link.state.faults["silent"]
            return dict(link.link.state.faults)


async def test_lost_notifications_are_read_again_on_the_same_connection(tmp_path: Path) -> None:
    # Lost when it is its turn, not while one before it is being asked for: each leaves a hole of
    # its own, however fast the frames come.
    turn, lost = 0, set[int]()

    def every_seventh_lost(frame: bytes) -> Sequence[bytes]:
        nonlocal turn
        seq = decode_frame(frame[7:]).seq  # past the L2CAP and ATT heads
        if seq != turn:
            return [frame]
        if seq % 7 == 6 and seq not in lost:
            lost.add(seq)
            return []
        turn += 1
        return [frame]

    faults = await deliver_all(tmp_path, every_seventh_lost)
    assert len(lost) == 28
    assert faults["out_of_order"] == len(lost)


async def test_doubled_notifications_count_once(tmp_path: Path) -> None:
    faults = await deliver_all(tmp_path, lambda frame: [frame, frame])
    assert faults["repeated"] >= 190


async def test_garbage_between_frames_is_counted_and_left_out(tmp_path: Path) -> None:
    def with_garbage(frame: bytes) -> Sequence[bytes]:
        header, handle = frame[:4], frame[4:7]  # L2CAP length and channel; opcode and attribute
        short = struct.pack("<H", 3 + 9) + header[2:] + handle + b"\x01 garbage"
        return [short, frame]

    faults = await deliver_all(tmp_path, with_garbage)
    assert faults["short"] >= 190


async def test_damaged_and_truncated_frames_are_read_again(tmp_path: Path) -> None:
    chance = random.Random(4)

    def some_damaged(frame: bytes) -> Sequence[bytes]:
        match chance.randrange(12):
            case 0:  # one bit of the frame's content, past the L2CAP and ATT heads
                at = chance.randrange(7, len(frame))
                flipped = frame[at] ^ 1 << chance.randrange(8)
                return [frame[:at] + bytes([flipped]) + frame[at + 1 :]]
            case 1:  # an L2CAP frame shorter than it says
                return [frame[:-20]]
            case _:
                return [frame]

    faults = await deliver_all(tmp_path, some_damaged)
    assert faults["damaged"] + faults.get("version", 0) > 5


async def test_a_wild_air_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(11)

    def wild(frame: bytes) -> Sequence[bytes]:
        spoiled = [[], [frame, frame], [frame[:12]], [frame[:-1] + b"!"]]
        return chance.choice([[frame]] * 6 + spoiled)

    await deliver_all(tmp_path, wild)


# -- too much at once


async def test_a_full_queue_stops_the_band_and_loses_nothing(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 300)
    async with rig(tmp_path, firmware) as r, linked(r.radio, queue_size=20) as link:
        await soon(link.queue.full)
        heard = r.air.fault = Heard()
        await r.band.gatt.publish()
        await send(r.band, 30)
        await soon(link.queue.full)
        assert heard.notifications < 30  # nothing is sent to be thrown away
        await link.take_frames(330)
        assert link.got == numbers(0, 330)
        assert not link.link.state.faults


class Heard:
    """Counts the notifications that pass."""

    def __init__(self) -> None:
        self.notifications = 0

    def __call__(self, frame: bytes) -> Sequence[bytes]:
        self.notifications += frame[4:5] == b"\x1b"
        return [frame]


async def test_more_than_the_inbox_holds_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.bands.inbox.INBOX", 4)  # the band sends 8 in one go
    firmware = still_firmware()
    fill(firmware, 8)
    async with rig(tmp_path, firmware) as r, linked(r.radio, limits=PATIENT) as link:
        await link.take_frames(8)
        assert link.got == numbers(0, 8)
        assert link.link.state.faults["overflow"] > 0
        assert link.link.state.reconnects == 0


async def test_an_overrun_ring_goes_on_at_its_oldest_frame(tmp_path: Path) -> None:
    firmware = still_firmware(ring_frames=50)
    async with rig(tmp_path, firmware) as r, linked(r.radio) as link:
        await send(r.band, 10)
        await link.take_frames(10)
        r.air.refuse = True
        r.air.drop_links()
        await soon(lambda: not link.link.state.connected)
        fill(firmware, 120)  # frames 10 to 129; the ring keeps 80 to 129
        r.air.refuse = False
        await link.take_frames(60)
        assert link.got == numbers(0, 10) + numbers(80, 130)


# -- the radio


async def test_no_radio_at_the_start_is_told_at_once(tmp_path: Path) -> None:
    async with linked(BumbleRadio(f"unix:{tmp_path / 'none'}", Bonds(None))) as link:
        with pytest.raises(RadioUnavailable, match="no simulated band answers at"):
            await link.end()


async def test_a_radio_lost_later_is_waited_for(tmp_path: Path) -> None:
    air, firmware = Air(), still_firmware()
    place = f"unix:{tmp_path / 'air'}"
    fill(firmware, 5)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(virtual_band(firmware, air))
        hub = Hub(air)
        radio = BumbleRadio(await hub.listen(place), Bonds(None))
        stack.push_async_callback(radio.close)
        link = await stack.enter_async_context(linked(radio))
        await link.take_frames(5)
        await hub.close()  # the dongle is pulled out
        await soon(lambda: link.link.state.faults["no_radio"] > 0)
        assert not link.link.state.connected
        trouble = str(link.link.state.trouble)
        assert trouble.startswith(f'band1: no simulated band answers at "{place}" (')
        assert trouble.endswith(f"--listen {place}.")
        hub = Hub(air)
        stack.push_async_callback(hub.close)
        await hub.listen(place)
        fill(firmware, 5)
        await link.take_frames(10)
        assert link.got == numbers(0, 10)


async def test_another_kind_of_device_is_said_to_be_one(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        r.band.gatt.device.gatt_server.services = []
        r.band.gatt.device.gatt_server.attributes.clear()
        r.band.gatt.device.gatt_server.attributes_by_handle.clear()
        async with linked(r.radio) as link:
            await soon(lambda: link.link.state.faults["not_a_stretchband"] == 1)
            assert link.link.state.trouble == (
                "band1 is no stretchband; stretchband scan shows who is."
            )


async def test_a_bug_ends_the_task(tmp_path: Path) -> None:
    def buggy(_state: LinkState) -> None:
        raise KeyError("bug")

    async with (
        rig(tmp_path, still_firmware()) as r,
        linked(r.radio, on_change=buggy, limits=SOON) as link,
    ):
        with pytest.raises(KeyError):
            await link.end()
