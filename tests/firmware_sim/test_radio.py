"""The virtual radio: gaps of Bumble's controller filled, faults of the air, the door for others."""

from __future__ import annotations

import asyncio
import random
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from bumble import hci
from bumble.core import ConnectionError as LinkError
from bumble.core import TimeoutError as LinkTimeoutError
from bumble.host import DataPacketQueue
from bumble.keys import MemoryKeyStore

from firmware_sim.air import Air, of_notifications
from firmware_sim.band import PlayedBand, make_firmware, virtual_band
from firmware_sim.gatt import ADDRESS, IN_FLIGHT
from firmware_sim.hub import Hub
from tests.firmware_sim.central import (
    PATIENCE_S,
    Central,
    Talk,
    central_by,
    central_on,
    seqs,
    take,
)
from tests.firmware_sim.test_firmware import steady
from tracker.bands.stretchband import ALERT_LEVEL_UUID, MOTION_UUID, FrameError, decode_frame

ABSENT = "F0:F1:F2:F3:F4:77"
OTHER = "F0:F1:F2:F3:F4:02"


@asynccontextmanager
async def band_on(
    air: Air, log_s: float = 5.0, address: str = ADDRESS
) -> AsyncIterator[PlayedBand]:
    """A band with `log_s` seconds in its ring; its time stands."""
    firmware = make_firmware(steady(3000.0))
    firmware.advance(log_s)
    async with virtual_band(firmware, air, address=address) as band:
        yield band


@asynccontextmanager
async def connected(
    air: Air, log_s: float = 5.0
) -> AsyncIterator[tuple[PlayedBand, Central, Talk]]:
    async with band_on(air, log_s) as band, central_on(air) as central:
        yield band, central, await central.connect()


async def lost(talk: Talk) -> int:
    """Why the connection was lost."""
    return await asyncio.wait_for(talk.lost, PATIENCE_S)


async def band_is_free(band: PlayedBand) -> None:
    """Wait until nobody is connected to it."""
    connections = list(band.gatt.device.connections.values())
    gone = [asyncio.Event() for _ in connections]
    for connection, event in zip(connections, gone, strict=True):
        connection.on("disconnection", lambda _reason, event=event: event.set())
    async with asyncio.timeout(PATIENCE_S):
        for event in gone:
            await event.wait()


async def advance(band: PlayedBand, to_s: float) -> None:
    band.firmware.advance(to_s)
    await band.gatt.publish()


# -- what Bumble's controller leaves out


async def test_a_connect_to_an_absent_band_ends_in_time_and_is_forgotten() -> None:
    air = Air()
    async with band_on(air), central_on(air) as central:
        with pytest.raises((LinkError, LinkTimeoutError)):
            await central.connect(ABSENT, timeout_s=0.1)
        talk = await central.connect()  # a pending one would refuse this
        async with band_on(air, address=ABSENT):
            await talk.status()
            assert len(central.device.connections) == 1


async def test_a_reset_host_leaves_the_band_free() -> None:
    air = Air()
    async with connected(air) as (band, central, _):
        await central.device.host.reset()
        await band_is_free(band)
        assert (await (await central.connect()).status()).head_seq == 10


async def test_packets_count_as_sent_only_when_the_air_has_taken_them() -> None:
    air = Air()
    async with connected(air) as (band, _, talk):
        queue = await talk.subscribe(MOTION_UUID)
        (connection,) = band.gatt.device.connections.values()
        packets = connection.data_packet_queue
        assert packets is not None
        await talk.ask(1, 10)  # caught up
        await connection.drain()
        air.silence()
        await advance(band, 100.0)
        await asyncio.sleep(0)  # the stream's task takes its turn
        await asyncio.sleep(0)
        assert packets.pending == IN_FLIGHT
        air.restore()
        assert seqs(await take(queue, 190)) == list(range(10, 200))


async def test_a_whole_frame_travels_in_one_packet() -> None:
    air = Air()
    async with connected(air) as (band, central, _):
        for device in (band.gatt.device, central.device):
            packets = device.host.le_acl_packet_queue
            assert packets is not None
            assert packets.max_packet_size == 251


async def test_a_central_with_a_public_address_is_served() -> None:
    air = Air()
    async with band_on(air), central_on(air) as central:
        talk = await central.connect(own=hci.OwnAddressType.PUBLIC)
        assert seqs(await take(await talk.stream(), 10)) == list(range(10))


async def test_two_centrals_with_one_address_get_each_its_own_band() -> None:
    air = Air()
    async with (
        band_on(air, 5.0),
        band_on(air, 7.0, OTHER),
        central_on(air) as one,
        central_on(air) as two,
    ):
        first = await one.connect()
        second = await two.connect(OTHER)
        assert (await first.status()).head_seq == 10
        assert (await second.status()).head_seq == 14
        assert seqs(await take(await second.stream(), 14)) == list(range(14))


async def test_the_controller_claims_no_features_that_hosts_get_stuck_in() -> None:
    air = Air()
    async with central_on(air) as central:
        host = central.device.host
        assert not host.supports_le_features(hci.LeFeatureMask.LL_PRIVACY)
        assert not host.supports_le_features(hci.LeFeatureMask.LE_EXTENDED_ADVERTISING)
        assert host.supports_le_features(hci.LeFeatureMask.LE_ENCRYPTION)


async def test_disconnecting_from_a_band_that_has_vanished_ends() -> None:
    air = Air()
    async with band_on(air) as band, central_on(air) as central:
        talk = await central.connect()
        band.gatt.device.host.hci_sink.fall_silent()  # type: ignore[union-attr]  # its controller
        await asyncio.wait_for(talk.connection.disconnect(), PATIENCE_S)


# -- faults of the air


async def test_silence_ends_the_connection_at_both_ends_after_the_supervision_timeout() -> None:
    air = Air()
    air.supervision_timeout_s = 0.2
    async with connected(air) as (band, central, talk):
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        air.silence()
        assert await lost(talk) == hci.HCI_CONNECTION_TIMEOUT_ERROR
        assert 0.15 <= loop.time() - began_s < 1.0
        assert not band.gatt.device.connections
        with pytest.raises((LinkError, LinkTimeoutError)):
            await central.connect(timeout_s=0.1)
        air.restore()
        assert (await (await central.connect()).status()).head_seq == 10


async def test_a_short_silence_costs_nothing_but_time() -> None:
    air = Air()
    air.supervision_timeout_s = 0.4
    async with connected(air, 100.0) as (_, _, talk):
        queue = await talk.stream()
        await take(queue, 20)
        air.silence()
        reading = asyncio.create_task(talk.status())
        done, _ = await asyncio.wait([reading], timeout=0.05)
        assert not done
        air.restore()
        assert (await reading).head_seq == 200
        assert seqs(await take(queue, 180)) == list(range(20, 200))
        lost_now, _ = await asyncio.wait([talk.lost], timeout=0.5)
        assert not lost_now


async def test_who_hangs_up_in_silence_is_missed_later() -> None:
    air = Air()
    air.supervision_timeout_s = 0.1
    async with connected(air) as (band, _, talk):
        air.silence()
        await talk.connection.disconnect()
        await band_is_free(band)


async def test_a_refused_connect_fails_and_the_next_one_may_work() -> None:
    air = Air()
    async with band_on(air) as band, central_on(air) as central:
        air.refuse = True
        talk = Talk(await central.device.connect_le(hci.Address(ADDRESS), timeout=1.0))
        assert await lost(talk) == hci.HCI_CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR
        assert not band.gatt.device.connections
        air.refuse = False
        assert (await (await central.connect()).status()).head_seq == 10


async def test_a_dropped_link_is_told_at_once_with_its_reason() -> None:
    air = Air()
    async with connected(air) as (_, _, talk):
        air.drop_links(hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR)
        assert await lost(talk) == hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR


async def test_latency_delays_but_does_not_reorder() -> None:
    air = Air()
    loop = asyncio.get_running_loop()
    async with connected(air) as (band, _, talk):
        air.latency_s = 0.05
        began_s = loop.time()
        await talk.status()
        assert loop.time() - began_s >= 0.1  # there and back
        await talk.write(ALERT_LEVEL_UUID, b"\x01", response=False)
        air.latency_s = 0.0  # what is on its way is not overtaken
        await talk.write(ALERT_LEVEL_UUID, b"\x02", response=False)
        await talk.status()
        assert [buzz.what for buzz in band.firmware.buzzes] == [1, 2]


async def test_a_slow_link_carries_so_many_packets_an_interval() -> None:
    air = Air()
    loop = asyncio.get_running_loop()
    async with connected(air, 50.0) as (_, _, talk):
        air.interval_s, air.packets_per_interval = 0.01, 2
        queue = await talk.stream()
        began_s = loop.time()
        assert seqs(await take(queue, 60)) == list(range(60))
        assert loop.time() - began_s >= 0.01 * (60 / 2 - 2)


async def test_notifications_can_be_lost_doubled_and_damaged_alone() -> None:
    air = Air()
    async with connected(air, 50.0) as (_, _, talk):
        queue = await talk.subscribe(MOTION_UUID)
        deeds = iter([[], [1, 1], [1]] * 100)
        air.fault = of_notifications(lambda frame: [frame] * len(next(deeds)))
        await talk.ask()
        expected = [seq for seq in range(100) for _ in range((0, 2, 1)[seq % 3])]
        assert seqs(await take(queue, len(expected))) == expected

        air.fault = of_notifications(lambda frame: [frame[:-3] + bytes(3)])
        await talk.status()  # answers pass as they are
        while not queue.empty():
            queue.get_nowait()
        await talk.ask()
        with pytest.raises(FrameError):
            decode_frame(await asyncio.wait_for(queue.get(), PATIENCE_S))


async def test_a_half_open_link_answers_and_notifies_nothing() -> None:
    air = Air()
    async with connected(air) as (_, _, talk):
        air.fault = of_notifications(lambda _frame: [])
        queue = await talk.stream()
        assert (await talk.status()).head_seq == 10
        assert queue.empty()
        air.fault = None
        await talk.ask()
        assert seqs(await take(queue, 10)) == list(range(10))


async def test_cut_and_random_frames_on_the_air_leave_the_band_serving() -> None:
    air = Air()
    noise = random.Random(4)
    async with connected(air, 300.0) as (band, central, talk):
        queue = await talk.stream()
        await take(queue, 50)

        def garble(frame: bytes) -> list[bytes]:
            size = noise.randrange(len(frame) + 1)
            return [frame[:4] + noise.randbytes(size)] if noise.random() < 0.5 else [frame[:size]]

        air.fault = garble
        for _ in range(200):
            talk.connection.send_l2cap_pdu(4, noise.randbytes(noise.randrange(40)))
            await asyncio.sleep(0)
        air.fault = None
        air.drop_links()
        await lost(talk)
        again = await central.connect()
        assert seqs(await take(await again.stream(), 600)) == list(range(600))
        assert len(band.gatt.device.connections) == 1


# -- the door for other processes


@asynccontextmanager
async def hub_on(air: Air, where: str) -> AsyncIterator[tuple[Hub, str]]:
    hub = Hub(air)
    try:
        yield hub, await hub.listen(where)
    finally:
        await hub.close()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
async def test_a_central_on_a_socket_streams_like_one_in_the_process(
    kind: str, tmp_path: Path
) -> None:
    air = Air()
    where = f"unix:{tmp_path}/hci" if kind == "unix" else "tcp:127.0.0.1:0"
    async with band_on(air, 300.0), hub_on(air, where) as (_, name), central_by(name) as central:
        talk = await central.connect()
        assert seqs(await take(await talk.stream(), 600)) == list(range(600))


async def test_the_socket_is_its_owners_alone_and_goes_with_the_hub(tmp_path: Path) -> None:
    path = tmp_path / "hci"
    async with hub_on(Air(), f"unix:{path}") as (_, name):
        assert name == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


@pytest.mark.parametrize(
    "where",
    [
        "",
        "unix:",
        "tcp:0.0.0.0:0",
        "tcp:127.0.0.1",
        "tcp:127.0.0.1:x",
        "tcp:127.0.0.1:70000",
        "usb:0",
    ],
)
async def test_no_other_place_is_listened_at(where: str) -> None:
    with pytest.raises(ValueError, match=r"neither unix:PATH nor tcp:127\.0\.0\.1:PORT"):
        await Hub(Air()).listen(where)


async def test_the_socket_of_a_killed_hub_is_taken_over_and_a_live_one_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hci"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with hub_on(Air(), f"unix:{path}"):
        with pytest.raises(OSError, match="in use"):
            await Hub(Air()).listen(f"unix:{path}")
        assert path.exists()


async def test_a_client_that_goes_without_a_word_leaves_the_band_free(tmp_path: Path) -> None:
    air = Air()
    air.supervision_timeout_s = 0.1
    async with band_on(air) as band, hub_on(air, f"unix:{tmp_path}/hci") as (_, name):
        keys = MemoryKeyStore()
        async with central_by(name, keys=keys) as central:
            await (await central.connect()).stream()
            assert len(band.gatt.device.connections) == 1
        await band_is_free(band)
        async with central_by(name, keys=keys) as central:
            assert (await (await central.connect()).status()).head_seq == 10


async def test_a_client_that_speaks_no_hci_is_hung_up_on_and_others_are_served(
    tmp_path: Path,
) -> None:
    air = Air()
    async with band_on(air), hub_on(air, f"unix:{tmp_path}/hci") as (_, name):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "hci"))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
        writer.close()
        async with central_by(name) as central:
            assert (await (await central.connect()).status()).head_seq == 10


async def test_what_a_frozen_client_does_not_read_waits_in_the_ring(tmp_path: Path) -> None:
    air = Air()
    async with (
        band_on(air, 10.0) as band,
        hub_on(air, f"unix:{tmp_path}/hci") as (_, name),
        central_by(name) as central,
    ):
        talk = await central.connect()
        queue = await talk.stream()
        await take(queue, 20)
        reading: asyncio.Transport = central.device.host.hci_sink.transport  # type: ignore[union-attr]  # a stream's
        reading.pause_reading()
        (connection,) = band.gatt.device.connections.values()
        packets = connection.data_packet_queue
        assert packets is not None
        sent_before = packets.queued
        await advance(band, 2990.0)
        await full(packets)
        assert packets.queued - sent_before < 3000  # the socket's buffers hold some 1000 of 5960
        reading.resume_reading()
        assert seqs(await take(queue, 5960)) == list(range(20, 5980))


async def full(packets: DataPacketQueue) -> None:
    """Wait until as much is on its way as may be, and none of it moves any more."""
    before = -1
    async with asyncio.timeout(PATIENCE_S):
        while packets.pending < IN_FLIGHT or packets.completed != before:
            before = packets.completed
            await asyncio.sleep(0.05)  # Bumble tells of packets that move, not of those that stand
