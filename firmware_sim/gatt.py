"""The band as a GATT server on Bumble: on the virtual air or on a real dongle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from bumble import data_types
from bumble.att import ATT_Error, Attribute
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import (
    GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR as CCCD,
)
from bumble.gatt import (
    Characteristic,
    CharacteristicValue,
    Descriptor,
    Service,
)
from bumble.hci import Address
from bumble.profiles.battery_service import BatteryService
from bumble.profiles.device_information_service import DeviceInformationService
from bumble.transport.common import TransportSink, TransportSource

from firmware_sim.bonds import Bonds
from firmware_sim.firmware import VERSION, Buzz, Firmware, RefusedError, RingReader
from firmware_sim.pairing import secure
from tracker.bands.stretchband import (
    ALERT_LEVEL_UUID,
    CONTROL_UUID,
    HAPTIC_UUID,
    MIN_MTU,
    MOTION_UUID,
    SERVICE_UUID,
    STATUS_UUID,
)

ADDRESS: Final = "F0:F1:F2:F3:F4:01"
NAME: Final = "stretch"
ADVERTISING_INTERVAL_MS: Final = 100

# Enough to fill every connection interval of a link, few enough that a slow link delays new frames
# by no more than these.
IN_FLIGHT: Final = 8

GOODBYE_S: Final = 1.0

# A stranger may connect and look round, but not keep the owner out by staying: BlueZ needs about
# two seconds from connecting to the end of pairing.
ENCRYPT_WITHIN_S: Final = 30.0

_IMMEDIATE_ALERT: Final = UUID.from_16_bits(0x1802)

_log = logging.getLogger("bumble")
if _log.level == logging.NOTSET:  # Bumble reports every lost link and odd packet; daily bread here
    _log.setLevel(logging.CRITICAL)


class GattBand:
    """Serves a `Firmware` to one central at a time; advertises whenever nobody is connected.

    What is the wearer's (motion, status, control, buzzes) asks for encryption, and so for the bond.
    The battery and the names are open: they tell nothing of anyone, and whoever finds a band, or
    wonders why it is silent, may see by any phone that it is charged.

    on_buzz:  called for every buzz that a central wants.
    on_asked: called when a central has asked for frames.
    mtu:      the largest the band agrees to; below 247 it can answer but not stream.
    """

    def __init__(
        self,
        firmware: Firmware,
        source: TransportSource,
        sink: TransportSink,
        *,
        address: str = ADDRESS,
        name: str = NAME,
        mtu: int = MIN_MTU,
        bonds: Bonds | None = None,
    ) -> None:
        self.firmware = firmware
        self.bonds = Bonds() if bonds is None else bonds
        self.on_buzz: Callable[[Buzz], None] = lambda _buzz: None
        self.on_asked: Callable[[], None] = lambda: None
        configuration = DeviceConfiguration(
            name=name,
            address=Address(address),
            advertising_interval_min=ADVERTISING_INTERVAL_MS,
            advertising_interval_max=ADVERTISING_INTERVAL_MS,
            advertising_data=advertisement(name),
        )
        self.device = Device.from_config_with_hci(configuration, source, sink)
        secure(self.device, self.bonds)
        self.device.gatt_server.max_mtu = mtu
        self.motion = self._motion()
        self.battery = BatteryService(lambda _connection: self.firmware.battery_percent)
        self.device.add_services([*self._own_services(), self.battery, _device_information()])
        self._battery_told = firmware.battery_percent
        self._streams: dict[Connection, _Stream] = {}
        self.device.on("connection", self._connected)
        self.motion.on("subscription", self._subscribed)

    def _motion(self) -> Characteristic[bytes]:
        """Bumble's own descriptor would let anyone subscribe."""
        motion = _characteristic(MOTION_UUID, "NOTIFY")
        switch = self.device.gatt_server.make_descriptor_value(motion)
        permissions = Attribute.READABLE | Attribute.WRITEABLE | _ENCRYPTED
        motion.descriptors = (Descriptor(CCCD, permissions, switch),)
        return motion

    def _own_services(self) -> list[Service]:
        control = CharacteristicValue(write=self._write_control)
        status = CharacteristicValue(read=lambda _connection: self.firmware.status())
        haptic = CharacteristicValue(write=self._write_haptic)
        alert = CharacteristicValue(write=self._write_alert)
        return [
            Service(
                SERVICE_UUID,
                [
                    self.motion,
                    _characteristic(CONTROL_UUID, "WRITE", control),
                    _characteristic(STATUS_UUID, "READ", status),
                    _characteristic(HAPTIC_UUID, "WRITE", haptic),
                ],
            ),
            Service(
                _IMMEDIATE_ALERT,
                [_characteristic(ALERT_LEVEL_UUID, "WRITE_WITHOUT_RESPONSE", alert)],
            ),
        ]

    async def start(self) -> None:
        """Power the radio and advertise."""
        await self.device.power_on()
        await self.device.start_advertising(auto_restart=True)

    async def stop(self) -> None:
        """Disconnect and fall silent; does not wait long for a radio that is gone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self.device.stop_advertising()
                for connection in list(self.device.connections.values()):
                    await connection.disconnect()
                await self.device.power_off()
        for stream in self._streams.values():
            stream.end()
        self._streams.clear()

    async def publish(self) -> None:
        """The firmware has moved on: wake the streams, tell a changed battery."""
        for stream in self._streams.values():
            stream.wake()
        if self._battery_told != self.firmware.battery_percent:
            self._battery_told = self.firmware.battery_percent
            await self.device.notify_subscribers(self.battery.battery_level_characteristic)

    def press_button(self) -> None:
        """The button on the band: for a minute another central may pair."""
        self.bonds.press(asyncio.get_running_loop().time())

    # -- what centrals do

    def _connected(self, connection: Connection) -> None:
        self._streams[connection] = _Stream(self, connection, self.firmware.reader())
        limit = asyncio.get_running_loop().call_later(ENCRYPT_WITHIN_S, self._send_away, connection)
        connection.on("disconnection", partial(self._disconnected, connection, limit))

    def _send_away(self, connection: Connection) -> None:
        if not connection.is_encrypted:
            connection.cancel_on_disconnection(connection.disconnect())

    def _disconnected(
        self, connection: Connection, limit: asyncio.TimerHandle, _reason: int
    ) -> None:
        limit.cancel()
        stream = self._streams.pop(connection, None)
        if stream is not None:
            stream.end()

    def _subscribed(self, connection: Connection, notify: bool, _indicate: bool) -> None:  # noqa: FBT001  # Bumble's event
        stream = self._streams.get(connection)
        if stream is not None:
            stream.subscribed = notify
            stream.wake()

    def _write_control(self, connection: Connection, data: bytes) -> None:
        stream = self._streams.get(connection)
        if stream is None:
            return
        try:
            stream.reader.control(data, connection.att_mtu)
        except RefusedError as error:
            raise ATT_Error(error.code) from error
        if stream.reader.asked:
            self.bonds.used(str(connection.peer_address))
            self.on_asked()
        stream.wake()

    def _write_haptic(self, _connection: Connection, data: bytes) -> None:
        try:
            self.on_buzz(self.firmware.haptic(data))
        except RefusedError as error:
            raise ATT_Error(error.code) from error

    def _write_alert(self, _connection: Connection, data: bytes) -> None:
        buzz = self.firmware.alert(data)
        if buzz is not None:
            self.on_buzz(buzz)


class _Stream:
    """Sends one connection its frames, never more than IN_FLIGHT ahead of the link."""

    def __init__(self, band: GattBand, connection: Connection, reader: RingReader) -> None:
        self.reader = reader
        self.subscribed = False
        self._band = band
        self._connection = connection
        self._woken = asyncio.Event()
        queue = connection.data_packet_queue
        if queue is None:
            raise RuntimeError("a connection without a packet queue")
        self._queue = queue
        self._queue.on("flow", self.wake)
        self._task = asyncio.create_task(self._run(), name=f"stream to {connection.peer_address}")

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        self._queue.remove_listener("flow", self.wake)
        self._task.cancel()

    async def _run(self) -> None:
        band = self._band
        while True:
            self._woken.clear()
            while self.subscribed and self._queue.pending < IN_FLIGHT:
                frame = self.reader.next_frame()
                if frame is None:
                    break
                await band.device.gatt_server.notify_subscriber(
                    self._connection, band.motion, frame
                )
            await self._woken.wait()


def advertisement(name: str) -> bytes:
    """What fits into 31 bytes: flags, our service and a name of up to 8 bytes.

    All of it stands here and nothing in a scan response, so that a passive scan finds the band.
    """
    if len(name.encode()) > 8:
        raise ValueError(f'name "{name}": up to 8 bytes fit beside the service')
    flags = (
        AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE
        | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
    )
    return bytes(
        AdvertisingData(
            [
                data_types.Flags(flags),
                data_types.CompleteListOf128BitServiceUUIDs([UUID(SERVICE_UUID)]),
                data_types.CompleteLocalName(name),
            ]
        )
    )


def _device_information() -> DeviceInformationService:
    return DeviceInformationService(
        manufacturer_name="stretchband",
        model_number="simulated",
        firmware_revision=VERSION,
    )


# Either kind of access, where the attribute has it.
_ENCRYPTED: Final = Attribute.READ_REQUIRES_ENCRYPTION | Attribute.WRITE_REQUIRES_ENCRYPTION


def _characteristic(
    uuid: str, what: str, value: CharacteristicValue[bytes] | bytes = b""
) -> Characteristic[bytes]:
    """A characteristic that can be done one thing with, by whom the band has a bond with."""
    permission = {"READ": Attribute.READABLE, "NOTIFY": Attribute.Permissions(0)}
    return Characteristic(
        uuid,
        Characteristic.Properties[what],
        permission.get(what, Attribute.WRITEABLE) | _ENCRYPTED,
        value,
    )
