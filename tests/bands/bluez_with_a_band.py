"""BlueZ as bleak sees it, with one bonded band that sleeps: found, connected, read, and dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Final

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.bands.rig import ADDRESS
from tracker.bands.stretchband import (
    BATTERY_LEVEL_UUID,
    CONTROL_UUID,
    FIRMWARE_REVISION_UUID,
    MOTION_UUID,
    SERVICE_UUID,
    STATUS_UUID,
    Status,
    encode_status,
)

ADAPTER: Final = "/org/bluez/hci0"
BAND: Final = f"{ADAPTER}/dev_{ADDRESS.replace(':', '_')}"
SERVICE: Final = f"{BAND}/service000a"
VALUES: Final = {
    STATUS_UUID: encode_status(Status(1, 1000, 0, 0, 50.0, asleep=True)),
    FIRMWARE_REVISION_UUID: b"1.0",
    BATTERY_LEVEL_UUID: b"\x50",
    CONTROL_UUID: b"",
    MOTION_UUID: b"",
}
CHARACTERISTICS: Final = {f"{SERVICE}/char{n:04x}": uuid for n, uuid in enumerate(VALUES, 11)}
ADVERTISED_S: Final = 0.01
_OBJECTS = "org.freedesktop.DBus.ObjectManager"


class BlueZWithABand:
    """It alone owns org.bluez on this bus.

    loses:   methods whose next call is not answered, and what it ends does not end: so does
             bluetoothd 5.82 with one of two who begin a search at the same moment.
    refuses: so many searches are refused because another one is in the way.
    """

    def __init__(self, bus: MessageBus) -> None:
        self.loses: list[str] = []
        self.refuses = 0
        self._bus = bus
        self._searchers: set[str] = set()
        self._scanning: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._device = {
            "Adapter": Variant("o", ADAPTER),
            "Address": Variant("s", ADDRESS),
            "Alias": Variant("s", "stretch"),
            "Paired": Variant("b", True),
            "Connected": Variant("b", False),
            "ServicesResolved": Variant("b", False),
            "RSSI": Variant("n", -50),
            "UUIDs": Variant("as", [SERVICE_UUID]),
        }

    async def drop(self) -> None:
        """The link is lost; BlueZ forgets the services of a device that left."""
        await self._change(ServicesResolved=Variant("b", False))
        for path, interfaces in _gatt().items():
            gone = [path, list(interfaces)]
            await self._signal("/", _OBJECTS, "InterfacesRemoved", "oas", gone)
        await self._change(Connected=Variant("b", False))

    def handle(self, message: Message) -> bool:
        """Whether it is for us; the answer comes by itself."""
        if message.member == "NameOwnerChanged" and not message.body[2]:
            self._end_search(message.body[0])
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        self._start(self._answer(message))
        return True

    async def close(self) -> None:
        if self._scanning is not None:
            self._scanning.cancel()
        if self._answering:
            await asyncio.wait(self._answering)
        self._bus.disconnect()

    async def _answer(self, message: Message) -> None:
        reply = Message.new_method_return(message)
        match message.member:
            case "GetManagedObjects":
                adapter = {"Roles": Variant("as", ["central"]), "Powered": Variant("b", True)}
                objects = {
                    ADAPTER: {"org.bluez.Adapter1": adapter},
                    BAND: {"org.bluez.Device1": self._device},
                }
                reply = Message.new_method_return(message, "a{oa{sa{sv}}}", [objects])
            case "Get":
                reply = Message.new_method_return(message, "v", [self._device["Paired"]])
            case "ReadValue":
                value = VALUES[CHARACTERISTICS[message.path or ""]]
                reply = Message.new_method_return(message, "ay", [value])
            case "Connect":
                await self._change(Connected=Variant("b", True))
                for path, interfaces in _gatt().items():
                    new = [path, interfaces]
                    await self._signal("/", _OBJECTS, "InterfacesAdded", "oa{sa{sv}}", new)
                await self._change(ServicesResolved=Variant("b", True))
            case "Disconnect":
                await self.drop()
            case "StartDiscovery":
                reply = self._begin_search(message)
            case "StopDiscovery" if message.member not in self.loses:
                self._end_search(message.sender or "")
        if message.member in self.loses:
            self.loses.remove(message.member)
        else:
            await self._bus.send(reply)

    def _begin_search(self, message: Message) -> Message:
        """As bluetoothd does: one search for each who is on the bus."""
        if self.refuses or message.sender in self._searchers:
            self.refuses = max(self.refuses - 1, 0)
            said = "Operation already in progress"
            return Message.new_error(message, "org.bluez.Error.InProgress", said)
        self._searchers.add(message.sender or "")
        if self._scanning is None:
            self._scanning = self._start(self._advertise())
        return Message.new_method_return(message)

    def _end_search(self, who: str) -> None:
        self._searchers.discard(who)
        if self._scanning is not None and not self._searchers:
            self._scanning.cancel()
            self._scanning = None

    async def _advertise(self) -> None:
        while True:
            await self._change(RSSI=Variant("n", -50))
            await asyncio.sleep(ADVERTISED_S)

    async def _change(self, **properties: Variant) -> None:
        self._device |= properties
        body = ["org.bluez.Device1", properties, []]
        interface = "org.freedesktop.DBus.Properties"
        await self._signal(BAND, interface, "PropertiesChanged", "sa{sv}as", body)

    async def _signal(
        self, path: str, interface: str, member: str, signature: str, body: Sequence[object]
    ) -> None:
        await self._bus.send(Message.new_signal(path, interface, member, signature, list(body)))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return task


def _gatt() -> dict[str, dict[str, dict[str, Variant]]]:
    """The band's services as objects of BlueZ's."""
    service = {
        "UUID": Variant("s", SERVICE_UUID),
        "Device": Variant("o", BAND),
        "Primary": Variant("b", True),
    }
    objects = {SERVICE: {"org.bluez.GattService1": service}}
    for path, uuid in CHARACTERISTICS.items():
        characteristic = {
            "UUID": Variant("s", uuid),
            "Service": Variant("o", SERVICE),
            "Flags": Variant("as", ["read", "write", "notify"]),
            "MTU": Variant("q", 247),
        }
        objects[path] = {"org.bluez.GattCharacteristic1": characteristic}
    return objects


@asynccontextmanager
async def bluez_with_a_band(address: str) -> AsyncIterator[BlueZWithABand]:
    """On the bus at this address."""
    bus = await MessageBus(bus_address=address).connect()
    bluez = BlueZWithABand(bus)
    bus.add_message_handler(bluez.handle)
    await bus.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="AddMatch",
            signature="s",
            body=["type='signal',member='NameOwnerChanged'"],
        )
    )
    await bus.request_name("org.bluez")
    try:
        yield bluez
    finally:
        await bluez.close()
