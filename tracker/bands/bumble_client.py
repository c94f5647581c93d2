"""bleak's client (3.1) over Bumble: one connection, its bond, what is read and written on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import hci
from bumble.att import ATT_Error
from bumble.core import BaseBumbleError, ProtocolError
from bumble.core import TimeoutError as BumbleTimeoutError
from bumble.device import Connection, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.smp import ErrorCode

from tracker.bands.bonding import BondLostError, PairingRefusedError
from tracker.bands.bumble_host import DISCONNECT_S
from tracker.bands.bumble_scanner import Place, uuid_text

MTU: Final = 517  # what BlueZ asks for too; the band answers with its own, and the lesser one holds

T = TypeVar("T")


class _ProtocolError(BleakError):
    """A request failed with this code, of the protocol that it was of."""

    def __init__(self, error: ProtocolError) -> None:
        super().__init__(str(error))
        self.code = error.error_code


class BumbleClient(BaseBleakClient):
    """What bleak's client needs, from a Bumble host. Only devices from its scanner are known."""

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        services: set[str] | None = None,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **_other_backends: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout
        )
        if not isinstance(address_or_ble_device, BLEDevice):
            raise BleakDeviceNotFoundError(address_or_ble_device, "look for it by a scanner")
        self._name = address_or_ble_device.name
        self._place: Place = address_or_ble_device.details
        self._wanted = services
        self._connection: Connection | None = None
        self._gone: asyncio.Future[None] | None = None
        self._gone_because = 0

    @property
    def name(self) -> str:
        """As advertised, else the address."""
        return self._name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        """Bytes of an ATT packet; 23 while not connected."""
        return 23 if self._connection is None else self._connection.att_mtu

    @property
    def is_connected(self) -> bool:
        """Whether the link layer holds the connection."""
        return self._connection is not None

    # -- the connection

    async def connect(
        self,
        pair: bool = False,  # noqa: FBT001, FBT002 - bleak passes it by position
        **options: Any,
    ) -> None:
        """Connect, agree on the MTU and learn the services. Raises BleakError, TimeoutError."""
        if self.is_connected:
            raise BleakError("already connected")
        async with asyncio.timeout(options.get("timeout", self._timeout)):
            await self._reach()
            try:
                await self._request(self._learn(self._connected()))
                if pair:
                    await self.pair()
            except BaseException:
                await self.disconnect()
                raise

    async def _reach(self) -> None:
        controller = self._place.controller
        if controller.lost:
            raise BleakError("the radio is gone")
        connecting = asyncio.ensure_future(
            controller.device.connect(self._place.address, timeout=None)
        )
        try:
            await asyncio.wait({connecting})
        finally:
            if not connecting.done():
                await self._give_up(connecting)
        if connecting.cancelled():  # Bumble does so when the transport is lost
            raise BleakError("the radio is gone")
        try:
            self._connection = connecting.result()
        except BaseBumbleError as error:
            raise BleakError(f"connecting: {error}") from error
        self._gone = asyncio.get_running_loop().create_future()
        self._connection.on(Connection.EVENT_DISCONNECTION, self._on_gone)

    async def _give_up(self, connecting: asyncio.Task[Connection]) -> None:
        """Else the controller would go on trying, and connect later to nobody."""
        with suppress(BaseBumbleError, TimeoutError):
            async with asyncio.timeout(DISCONNECT_S):
                await self._place.controller.device.cancel_connection()  # type: ignore[no-untyped-call]
                await asyncio.wait({connecting})
                if not connecting.cancelled():
                    await connecting.result().disconnect()  # it came all the same
        connecting.cancel()

    async def _learn(self, connection: Connection) -> None:
        peer = Peer(connection)
        await peer.request_mtu(MTU)
        services = BleakGATTServiceCollection()
        for service in await peer.discover_services():
            if self._wanted and uuid_text(service.uuid) not in self._wanted:
                continue
            known = BleakGATTService(service, service.handle, uuid_text(service.uuid))
            services.add_service(known)
            for characteristic in await service.discover_characteristics():
                await self._learn_characteristic(services, known, characteristic)
        self.services = services

    async def _learn_characteristic(
        self,
        services: BleakGATTServiceCollection,
        service: BleakGATTService,
        proxy: CharacteristicProxy[bytes],
    ) -> None:
        characteristic = BleakGATTCharacteristic(
            proxy,
            proxy.handle,
            uuid_text(proxy.uuid),
            list(gatt_char_props_to_strs(proxy.properties)),
            lambda: self.mtu_size - 3,
            service,
        )
        services.add_characteristic(characteristic)
        for found in await proxy.discover_descriptors():
            descriptor = BleakGATTDescriptor(
                found, found.handle, uuid_text(found.type), characteristic
            )
            services.add_descriptor(descriptor)

    async def disconnect(self) -> None:
        """End the connection; nothing to do when it has ended."""
        connection = self._connection
        if connection is None:
            return
        with suppress(BaseBumbleError, TimeoutError):
            async with asyncio.timeout(DISCONNECT_S):
                await connection.disconnect()
        self._on_gone(0)

    def _on_gone(self, reason: int) -> None:
        if self._connection is None or self._gone is None:
            return
        self._gone_because = reason
        self._connection = self.services = None
        self._gone.set_result(None)
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def pair(self, *_args: Any, **_options: Any) -> None:
        """Encrypt with the bond's key, or make a bond.

        Raises BondLostError, PairingRefusedError, BondsError; BleakError, TimeoutError.
        """
        bonds = self._place.controller.bonds
        bond = bonds.get(self.address)
        if bond is None:
            await self._make_bond()
        elif not await self._encrypt():
            if bond.proven:
                raise BondLostError
            # Killed while pairing, the band did not get to keep it, and nobody relied on it yet.
            bonds.forget(self.address)
            await self._make_bond()

    async def _encrypt(self) -> bool:
        """False when the band has no key for this, or another one."""
        try:
            await self._request(self._connected().encrypt())
        except _ProtocolError as error:
            if error.code != hci.HCI_PIN_OR_KEY_MISSING_ERROR:
                raise
            return False
        except BleakError:
            if self._gone_because != hci.HCI_CONNECTION_TERMINATED_DUE_TO_MIC_FAILURE_ERROR:
                raise
            return False
        return True

    async def _make_bond(self) -> None:
        try:
            await self._request(self._connected().pair())
        except _ProtocolError as error:
            if error.code != ErrorCode.PAIRING_NOT_SUPPORTED:
                raise
            raise PairingRefusedError from error
        if not await self._place.controller.keys.keep(self.address):
            raise BleakError("it pairs in a way that who listens can undo")

    async def unpair(self) -> None:
        """Forget the bond."""
        self._place.controller.bonds.forget(self.address)
        await self.disconnect()

    # -- what is on it

    async def read_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        **_options: Any,
    ) -> bytearray:
        """Read a characteristic from the device; nothing is cached."""
        return bytearray(await self._request(characteristic.obj.read_value()))

    async def read_gatt_descriptor(
        self,
        descriptor: BleakGATTDescriptor,
        **_options: Any,
    ) -> bytearray:
        """Read a descriptor from the device."""
        return bytearray(await self._request(descriptor.obj.read_value()))

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001 - bleak's signature
    ) -> None:
        """Write a characteristic, and wait for the answer where one is asked for."""
        await self._request(characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        """Write a descriptor."""
        await self._request(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: NotifyCallback,
        **options: Any,
    ) -> None:
        """Subscribe."""
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        # Bumble enters a subscriber before it asks the device and keeps it when that fails: what
        # an earlier try left would make each notification arrive twice.
        for subscribers in (
            proxy.client.notification_subscribers,
            proxy.client.indication_subscribers,
        ):
            subscribers.pop(proxy.handle, None)
        by_notification = not options.get("force_indicate", False)
        await self._request(
            proxy.subscribe(lambda value: callback(bytearray(value)), by_notification)
        )

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Subscribe no more."""
        await self._request(characteristic.obj.unsubscribe())

    def _connected(self) -> Connection:
        if self._connection is None:
            raise BleakError("not connected")
        return self._connection

    async def _request(self, operation: Coroutine[Any, Any, T]) -> T:
        """Do one thing with the device; that it leaves ends it at once, as BleakError."""
        if self._connection is None or self._gone is None:
            operation.close()
            raise BleakError("not connected")
        task = asyncio.ensure_future(operation)
        either: set[asyncio.Future[Any]] = {task, self._gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() or task.cancelled():  # Bumble cancels what waits for an answer
                raise BleakError("the device has disconnected")
            return task.result()
        except ATT_Error as error:
            raise BleakGATTProtocolError(int(error.error_code)) from error
        except ProtocolError as error:
            raise _ProtocolError(error) from error
        except BumbleTimeoutError as error:
            raise TimeoutError(str(error)) from error
        except BaseBumbleError as error:
            raise BleakError(str(error)) from error
        finally:
            task.cancel()
