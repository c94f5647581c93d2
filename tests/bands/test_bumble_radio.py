"""bleak on Bumble: what bleak promises of its scanner and client, on the virtual air."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import usb1  # type: ignore[import-untyped]  # libusb's, without types
from bleak import BleakClient
from bleak.exc import (
    BleakCharacteristicNotFoundError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from serial import SerialException  # type: ignore[import-untyped]  # without types

from firmware_sim.air import Air
from firmware_sim.band import virtual_band
from tests.bands.rig import ADDRESS, Rig, advertise_fast, radio_on, rig, send, soon, still_firmware
from tracker.bands.bonding import BondLostError
from tracker.bands.bumble_client import BumbleClient
from tracker.bands.bumble_radio import BumbleRadio
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.opening import open_radio
from tracker.bands.radio import Seen
from tracker.bands.stretchband import (
    BATTERY_LEVEL_UUID,
    CONTROL_UUID,
    ERROR_UNKNOWN_COMMAND,
    MOTION_UUID,
    SERVICE_UUID,
    STATUS_UUID,
    ReadFrom,
    encode_control,
)

CCCD_UUID = "00002902-0000-1000-8000-00805f9b34fb"


async def found(radio: BumbleRadio, address: str = ADDRESS) -> Seen:
    seen = await radio.find(address, 5.0)
    assert seen is not None
    return seen


@asynccontextmanager
async def connected(r: Rig) -> AsyncIterator[BleakClient]:
    device = (await found(r.radio)).device
    async with BleakClient(device, backend=BumbleClient, timeout=5.0) as client:
        yield client


@asynccontextmanager
async def bonded(r: Rig) -> AsyncIterator[BleakClient]:
    async with connected(r) as client:
        await client.pair()
        yield client


# -- scanning


async def test_a_scan_tells_name_address_signal_and_kind(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        seen = await r.radio.scan(0.3)
        assert [(s.name, s.address, s.rssi, s.is_stretchband) for s in seen] == [
            ("stretch", ADDRESS, -50, True)
        ]


async def test_who_does_not_advertise_is_not_found(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        assert await r.radio.find("F0:00:00:00:00:99", 0.3) is None


async def test_an_address_is_found_in_any_case(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        assert (await found(r.radio, ADDRESS.lower())).address == ADDRESS


async def test_two_who_look_at_once_share_one_scanner(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        absent = r.radio.find("F0:00:00:00:00:99", 0.5)
        scan, nobody, band = await asyncio.gather(r.radio.scan(0.5), absent, found(r.radio))
        assert (len(scan), nobody, band.address) == (1, None, ADDRESS)


async def test_who_has_found_leaves_the_scanner_to_who_still_looks(tmp_path: Path) -> None:
    other = "F0:F1:F2:F3:F4:02"
    async with rig(tmp_path, still_firmware()) as r:
        looking = asyncio.create_task(r.radio.find(other, 5.0))
        await found(r.radio)
        async with virtual_band(still_firmware(), r.air, address=other):
            seen = await looking
        assert seen is not None
        assert seen.address == other


async def test_a_scan_that_is_cancelled_leaves_the_radio_usable(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        scanning = asyncio.create_task(r.radio.scan(60))
        await found(r.radio)
        scanning.cancel()
        await asyncio.wait({scanning})
        assert (await found(r.radio)).name == "stretch"


# -- a connection


async def test_services_are_as_the_band_has_them(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, connected(r) as client:
        assert client.is_connected
        assert client.name == "stretch"
        assert client.mtu_size == 247
        motion = client.services.get_characteristic(MOTION_UUID)
        assert motion is not None
        assert (motion.service_uuid, motion.properties) == (SERVICE_UUID, ["notify"])
        assert [descriptor.uuid for descriptor in motion.descriptors] == [CCCD_UUID]
        assert motion.max_write_without_response_size == 244


async def test_reading_gives_the_bytes_of_now(tmp_path: Path) -> None:
    firmware = still_firmware()
    async with rig(tmp_path, firmware) as r, bonded(r) as client:
        await send(r.band, 5)
        assert bytes(await client.read_gatt_char(STATUS_UUID)) == firmware.status()
        assert list(await client.read_gatt_char(BATTERY_LEVEL_UUID)) == [96]


async def test_a_descriptor_is_read(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, bonded(r) as client:
        motion = client.services.get_characteristic(MOTION_UUID)
        assert motion is not None
        handle = motion.descriptors[0].handle
        assert bytes(await client.read_gatt_descriptor(handle)) == b"\0\0"
        await client.start_notify(motion, lambda _characteristic, _data: None)
        assert bytes(await client.read_gatt_descriptor(handle)) == b"\1\0"


async def test_a_refused_write_carries_the_att_error(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, bonded(r) as client:
        with pytest.raises(BleakGATTProtocolError) as refused:
            await client.write_gatt_char(CONTROL_UUID, b"\x7f", response=True)
        assert refused.value.code == ERROR_UNKNOWN_COMMAND


async def test_what_is_not_there_is_an_error_of_bleak(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, connected(r) as client:
        with pytest.raises(BleakCharacteristicNotFoundError):
            await client.read_gatt_char("00002a37-0000-1000-8000-00805f9b34fb")


async def test_notifications_come_until_they_are_stopped(tmp_path: Path) -> None:
    heard: list[bytes] = []
    async with rig(tmp_path, still_firmware()) as r, bonded(r) as client:
        await client.start_notify(MOTION_UUID, lambda _, data: heard.append(bytes(data)))
        await client.write_gatt_char(CONTROL_UUID, encode_control(ReadFrom(0, 0)), response=True)
        await send(r.band, 3)
        await soon(lambda: len(heard) == 3)
        await client.stop_notify(MOTION_UUID)
        await send(r.band, 3)
        await client.read_gatt_char(STATUS_UUID)  # its answer would come after them
        assert len(heard) == 3


async def test_a_failed_subscription_does_not_double_the_next(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def hear(_characteristic: object, data: bytearray) -> None:
        heard.append(bytes(data))

    async with rig(tmp_path, still_firmware()) as r, bonded(r) as client:
        r.air.fault = lambda frame: [] if frame[4:5] == b"\x12" else [frame]  # lost: the write
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.start_notify(MOTION_UUID, hear)
        r.air.fault = None
        await client.start_notify(MOTION_UUID, hear)
        await client.write_gatt_char(CONTROL_UUID, encode_control(ReadFrom(0, 0)), response=True)
        await send(r.band, 3)
        await client.read_gatt_char(STATUS_UUID)
        assert len(heard) == 3


async def test_pairing_encrypts_and_is_remembered(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        for _ in ("a new bond", "its key"):
            async with bonded(r):
                (connection,) = r.band.gatt.device.connections.values()
                assert connection.encryption
                assert connection.sc
        assert (tmp_path / "bonds").stat().st_mode & 0o777 == 0o600


async def test_a_band_that_forgot_the_bond_is_paired_after_unpairing(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        async with bonded(r):
            await r.radio.prove(ADDRESS)
        r.band.gatt.bonds.forget()
        async with connected(r) as client:
            with pytest.raises(BondLostError):
                await client.pair()
            await client.unpair()
            assert not client.is_connected
        async with bonded(r) as client:
            assert client.is_connected


# -- its end


async def test_a_lost_link_is_told_and_ends_a_request_at_once(tmp_path: Path) -> None:
    gone = asyncio.Event()
    async with rig(tmp_path, still_firmware()) as r:
        device = (await found(r.radio)).device
        client = BleakClient(device, lambda _client: gone.set(), backend=BumbleClient)
        await client.connect()
        r.air.fault = lambda _frame: []  # so that the request is never answered
        request = asyncio.create_task(client.read_gatt_char(STATUS_UUID))
        await asyncio.sleep(0)
        r.air.drop_links()
        async with asyncio.timeout(1):
            await gone.wait()
            with pytest.raises(BleakError, match="has disconnected"):
                await request
        assert not client.is_connected
        with pytest.raises(BleakError):
            await client.read_gatt_char(STATUS_UUID)
        await client.disconnect()  # nothing is left to do


async def test_disconnecting_calls_back_once(tmp_path: Path) -> None:
    calls: list[BleakClient] = []
    async with rig(tmp_path, still_firmware()) as r:
        client = BleakClient((await found(r.radio)).device, calls.append, backend=BumbleClient)
        await client.connect()
        await client.disconnect()
        await client.disconnect()
        assert calls == [client]
        await soon(lambda: not r.band.gatt.device.connections)


async def test_a_connect_that_is_given_up_leaves_the_radio_to_others(tmp_path: Path) -> None:
    air, other = Air(), "F0:F1:F2:F3:F4:02"
    async with (
        radio_on(air, tmp_path) as radio,
        virtual_band(still_firmware(), air, address=other) as band,
    ):
        async with virtual_band(still_firmware(), air, address=ADDRESS):
            absent = (await found(radio)).device
        await advertise_fast(band)
        for by_bleak in (True, False):
            client = BleakClient(absent, backend=BumbleClient, timeout=0.2 if by_bleak else 60)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(None if by_bleak else 0.2):
                    await client.connect()
        async with BleakClient((await found(radio, other)).device, backend=BumbleClient) as client:
            assert client.is_connected


async def test_a_connect_that_is_refused_is_an_error_of_bleak(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        device = (await found(r.radio)).device
        r.air.refuse = True
        with pytest.raises((BleakError, TimeoutError)):
            await BleakClient(device, backend=BumbleClient, timeout=1.0).connect()
        r.air.refuse = False
        async with connected(r) as client:
            assert client.is_connected


async def test_a_connect_that_nobody_answers_leaves_no_connection(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        device = (await found(r.radio)).device
        r.air.fault = lambda _frame: []
        with pytest.raises(TimeoutError):
            await BleakClient(device, backend=BumbleClient, timeout=0.3).connect()
        r.air.fault = None
        await soon(lambda: not r.band.gatt.device.connections)
        async with connected(r) as client:
            assert client.is_connected


async def test_a_radio_pulled_out_disconnects(tmp_path: Path) -> None:
    gone = asyncio.Event()
    async with rig(tmp_path, still_firmware()) as r:
        device = (await found(r.radio)).device
        client = BleakClient(device, lambda _client: gone.set(), backend=BumbleClient)
        await client.connect()
        await r.radio.close()
        async with asyncio.timeout(1):
            await gone.wait()
        assert not client.is_connected


async def test_a_stranger_s_device_is_refused() -> None:
    with pytest.raises(BleakDeviceNotFoundError, match="look for it by a scanner"):
        BleakClient(ADDRESS, backend=BumbleClient)


# -- opening


async def test_a_radio_that_is_none_is_told_in_a_sentence() -> None:
    with pytest.raises(RadioUnavailable) as told:
        await open_radio("nothing:1").scan(0.1)
    assert str(told.value) == (
        'the radio "nothing:1" is none: "system", or a transport of Bumble\'s such as "usb:0", '
        '"serial:/dev/ttyACM0", "unix:PATH" or "tcp-client:127.0.0.1:PORT"'
    )


async def test_a_controller_that_does_not_answer_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.bands.bumble_host.OPEN_S", 0.2)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "mute"))
        mute.listen()
        with pytest.raises(RadioUnavailable, match=r"no simulated band answers .*\(no answer\)"):
            await open_radio(f"unix:{tmp_path / 'mute'}").scan(0.1)


def test_a_missing_bumble_is_told_with_the_extra_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "bumble", None)  # as Python has it when there is none
    with pytest.raises(RadioUnavailable) as told:
        open_radio("usb:0")
    assert str(told.value) == (
        "the radio \"usb:0\" needs Bumble, which is not installed: pip install 'stretchband[sim]'"
    )


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("usb:0", usb1.USBErrorAccess(-3), "this user may not open the radio .* by a udev rule"),
        ("usb:0", usb1.USBErrorBusy(-6), "is held by another program .*: end that one; only one"),
        ("hci-socket:0", OSError(16, "busy"), r"is held by another program \(busy\): have BlueZ"),
        ("hci-socket:0", OSError(1, "no"), r"may not open the radio .* \(no\): .*CAP_NET_ADMIN"),
        ("serial:/dev/x", SerialException(13, "no"), "may not open the radio .* group dialout"),
        ("usb:0", OSError(5, "torn"), r"cannot be used \(torn\): see that it is plugged in"),
    ],
)
async def test_a_controller_that_cannot_be_taken_is_told_with_what_to_do(
    name: str, error: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_name: str) -> None:
        raise error

    monkeypatch.setattr("tracker.bands.bumble_host.open_transport", refuse)
    with pytest.raises(RadioUnavailable, match=says) as told:
        await open_radio(name).scan(0.1)
    assert "\n" not in str(told.value)
