"""The band's GATT server, talked to by a real host over the virtual air."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bumble.att import ATT_Error
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement
from bumble.gatt import Characteristic

from firmware_sim.air import Air
from firmware_sim.band import PlayedBand, make_firmware, virtual_band
from firmware_sim.firmware import Buzz
from firmware_sim.gatt import ADDRESS, IN_FLIGHT, advertisement
from tests.firmware_sim.central import PATIENCE_S, Talk, central_on, seqs, take
from tests.firmware_sim.test_firmware import steady
from tracker.bands.stretchband import (
    ALERT_LEVEL_UUID,
    BATTERY_LEVEL_UUID,
    CONTROL_UUID,
    ERROR_MTU_TOO_SMALL,
    ERROR_UNKNOWN_COMMAND,
    ERROR_WRONG_LENGTH,
    FIRMWARE_REVISION_UUID,
    HAPTIC_UUID,
    MOTION_UUID,
    SERVICE_UUID,
    STATUS_UUID,
    Haptic,
    Status,
)

DAY_S = 86400.0


@asynccontextmanager
async def connected(
    seconds: float = 10.0, *, mtu: int = 517, air: Air | None = None
) -> AsyncIterator[tuple[PlayedBand, Talk]]:
    """A band that stands at time 0, and a central that has looked round."""
    air = air or Air()
    async with (
        virtual_band(make_firmware(steady(seconds)), air) as band,
        central_on(air) as central,
    ):
        yield band, await central.connect(mtu=mtu)


async def play(band: PlayedBand, to_s: float) -> None:
    band.firmware.advance(to_s)
    await band.gatt.publish()


async def test_a_passive_scan_tells_the_name_and_the_service() -> None:
    air = Air()
    async with virtual_band(make_firmware(steady(1.0)), air), central_on(air) as central:
        seen: asyncio.Queue[Advertisement] = asyncio.Queue()
        central.device.on("advertisement", seen.put_nowait)
        await central.device.start_scanning(active=False)
        found = await asyncio.wait_for(seen.get(), PATIENCE_S)
        await central.device.stop_scanning()
    assert found.address.to_string(with_type_qualifier=False) == ADDRESS
    assert found.is_connectable
    assert found.data.get(AdvertisingData.Type.COMPLETE_LOCAL_NAME) == "stretch"
    uuids = found.data.get(AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS)
    assert uuids == [UUID(SERVICE_UUID)]


def test_the_advertisement_is_these_31_bytes() -> None:
    assert advertisement("stretch1") == bytes.fromhex(
        "020106"  # general discoverable, no BR/EDR
        "1107 0100646e6162 569c 8e4b d7a1 00004253"  # one 128-bit service, all of them
        "0909 7374726574636831"  # the name
    )
    with pytest.raises(ValueError, match="8 bytes"):
        advertisement("stretch12")


async def test_the_services_and_what_can_be_done_with_each() -> None:
    async with connected() as (_, talk):
        found = {
            service.uuid.to_hex_str("-").lower(): {
                str(c.uuid.to_hex_str("-")).lower(): Characteristic.Properties(c.properties).name
                for c in service.characteristics
            }
            for service in talk.peer.services
        }
    assert found[SERVICE_UUID] == {
        MOTION_UUID: "NOTIFY",
        CONTROL_UUID: "WRITE",
        STATUS_UUID: "READ",
        HAPTIC_UUID: "WRITE",
    }
    assert found["1802"] == {"2a06": "WRITE_WITHOUT_RESPONSE"}
    assert found["180f"] == {"2a19": "READ|NOTIFY"}
    assert set(found["180a"]) == {"2a29", "2a24", "2a26"}


async def test_what_can_be_read() -> None:
    async with connected() as (band, talk):
        await play(band, 2.01)
        assert await talk.status() == Status(1, 2010, 0, 4, 50.0)
        assert await talk.read(BATTERY_LEVEL_UUID) == bytes([96])
        assert await talk.read(FIRMWARE_REVISION_UUID) == b"1.0.0"


async def test_the_log_comes_in_order_and_then_each_frame_as_it_is_made() -> None:
    async with connected(200.0) as (band, talk):
        await play(band, 150.01)
        queue = await talk.stream()
        assert seqs(await take(queue, 300)) == list(range(300))
        await play(band, 151.01)
        assert seqs(await take(queue, 2)) == [300, 301]
        assert queue.empty()


async def test_a_reader_goes_on_where_it_was_after_a_reconnect() -> None:
    air = Air()
    async with (
        virtual_band(make_firmware(steady(10.0)), air) as band,
        central_on(air) as central,
    ):
        await play(band, 3.01)
        first = await central.connect()
        assert seqs(await take(await first.stream(), 6)) == [0, 1, 2, 3, 4, 5]
        await first.connection.disconnect()
        await play(band, 5.01)
        again = await central.connect()
        queue = await again.subscribe(MOTION_UUID)
        await again.ask(1, 6)
        assert seqs(await take(queue, 4)) == [6, 7, 8, 9]


async def test_frames_wait_for_both_a_subscription_and_a_question() -> None:
    async with connected() as (band, talk):
        await play(band, 2.01)
        await talk.ask()
        await talk.status()  # an answer: what was to come before it has come
        queue = await talk.subscribe(MOTION_UUID)
        assert seqs(await take(queue, 4)) == [0, 1, 2, 3]
        await talk.characteristic(MOTION_UUID).unsubscribe(queue.put_nowait)
        await play(band, 4.01)
        await talk.status()
        assert queue.empty()
        queue = await talk.subscribe(MOTION_UUID)
        assert seqs(await take(queue, 4)) == [4, 5, 6, 7]


async def test_nothing_comes_after_the_answer_to_stop() -> None:
    async with connected(5000.0) as (band, talk):
        await play(band, 5000.0)
        queue = await talk.stream()
        await take(queue, 100)
        await talk.stop()
        on_their_way = queue.qsize()
        await talk.status()
        await talk.status()
        assert queue.qsize() == on_their_way


async def test_a_slow_link_is_never_sent_more_than_a_few_frames_ahead() -> None:
    air = Air()
    async with connected(2000.0, air=air) as (band, talk):
        await play(band, 1000.0)
        queue = await talk.subscribe(MOTION_UUID)
        air.interval_s, air.packets_per_interval = 0.001, 1
        await talk.ask()
        (connection,) = band.gatt.device.connections.values()
        packets = connection.data_packet_queue
        assert packets is not None
        pending = []
        for _ in range(100):
            await take(queue, 1)
            pending.append(packets.pending)
        assert max(pending) == IN_FLIGHT
        await play(band, 1000.5)
        air.packets_per_interval = 0
        air.carry_on()
        assert seqs(await take(queue, 1901)) == list(range(100, 2001))


async def test_a_small_mtu_is_told_and_nothing_is_cut_off() -> None:
    async with connected(mtu=23) as (band, talk):
        await play(band, 5.0)
        queue = await talk.subscribe(MOTION_UUID)
        with pytest.raises(ATT_Error) as caught:
            await talk.ask()
        assert caught.value.error_code == ERROR_MTU_TOO_SMALL
        assert (await talk.status()).head_seq == 10
        assert queue.empty()


@pytest.mark.parametrize(
    ("uuid", "data", "code"),
    [
        (CONTROL_UUID, "", ERROR_UNKNOWN_COMMAND),
        (CONTROL_UUID, "09", ERROR_UNKNOWN_COMMAND),
        (CONTROL_UUID, "010000", ERROR_WRONG_LENGTH),
        (CONTROL_UUID, "0200", ERROR_WRONG_LENGTH),
        (HAPTIC_UUID, "0101", ERROR_WRONG_LENGTH),
    ],
)
async def test_a_wrong_write_is_answered_with_its_error(uuid: str, data: str, code: int) -> None:
    async with connected() as (_, talk):
        with pytest.raises(ATT_Error) as caught:
            await talk.write(uuid, bytes.fromhex(data))
        assert caught.value.error_code == code


async def test_buzzes_arrive_and_are_shown() -> None:
    async with connected() as (band, talk):
        shown: list[Buzz] = []
        band.gatt.on_buzz = shown.append
        await play(band, 1.5)
        await talk.write(ALERT_LEVEL_UUID, b"\x02", response=False)
        await talk.write(ALERT_LEVEL_UUID, b"\x09", response=False)  # no level: no answer, nothing
        await talk.write(HAPTIC_UUID, bytes.fromhex("020f0a"))
        assert shown == [Buzz(1.5, 2), Buzz(1.5, Haptic(2, 0.15, 0.1))]
        assert list(band.firmware.buzzes) == shown


async def test_a_falling_battery_is_told() -> None:
    async with connected() as (band, talk):
        queue = await talk.subscribe(BATTERY_LEVEL_UUID)
        await play(band, 3600.0)
        assert await asyncio.wait_for(queue.get(), PATIENCE_S) == bytes([94])
        await play(band, 3601.0)
        assert await talk.read(BATTERY_LEVEL_UUID) == bytes([94])
        assert queue.empty()


async def test_the_first_question_is_told() -> None:
    async with connected() as (band, talk):
        asked = asyncio.Event()
        band.gatt.on_asked = asked.set
        await talk.stop()
        assert not asked.is_set()
        await talk.ask()
        assert asked.is_set()


async def test_time_passes_by_itself_and_faster_when_wanted() -> None:
    air = Air()
    firmware = make_firmware(steady(60.0))
    async with virtual_band(firmware, air, speed=200.0) as band, central_on(air) as central:
        talk = await central.connect()
        frames = await take(await talk.stream(), 120)
        assert seqs(frames) == list(range(120))
        await asyncio.wait_for(band.ended.wait(), PATIENCE_S)
        assert firmware.frames_made == 120


async def test_any_bytes_to_the_server_leave_it_answering() -> None:
    async with connected() as (band, talk):
        await play(band, 2.01)
        queue = await talk.stream()
        assert len(await take(queue, 4)) == 4
        for data in ("", "ee", "1b", "0a", "0aff", "12", "1202", "52ff00", "1802", "16010000ff"):
            talk.connection.send_l2cap_pdu(4, bytes.fromhex(data))
        talk.connection.send_l2cap_pdu(0x77, b"on a channel there is not")
        await play(band, 3.01)
        assert seqs(await take(queue, 2)) == [4, 5]
        assert (await talk.status()).head_seq == 6


async def test_a_band_that_is_switched_off_ends_its_connections() -> None:
    air = Air()
    async with central_on(air) as central:
        async with virtual_band(make_firmware(steady(1.0)), air):
            talk = await central.connect()
        await asyncio.wait_for(talk.lost, PATIENCE_S)
        assert not central.device.connections
