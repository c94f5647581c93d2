"""Bonding through BlueZ, which keeps the keys itself: what bleak 3.1 leaves to a desktop's agent.

BlueZ asks an agent before it pairs, also where there is nothing to compare. Ours is registered for
one pairing, by the D-Bus connection that asks for it, so that BlueZ asks it and nobody else; the
desktop's own agent stays as it is. When this process is killed, BlueZ lets go of both.
"""

# No `from __future__ import annotations`: dbus-fast takes the text "None" for no signature.

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.exc import BleakDBusError
from dbus_fast import BusType, DBusError, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from tracker.bands.bonding import PairingRefusedError
from tracker.bands.recovery import Adapter

AGENT: Final = "/stretchband/agent"
BLUEZ: Final = "org.bluez"
DEVICE: Final = "org.bluez.Device1"
ADAPTER: Final = "org.bluez.Adapter1"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
# The band's refusal and a secret that did not match are the same to BlueZ.
_REFUSED: Final = frozenset(
    ("org.bluez.Error.AuthenticationFailed", "org.bluez.Error.AuthenticationRejected")
)
# bleak-retry-connector tries nine times within seconds where a connection is cut so.
_CUT_AT_ONCE: Final = 4
_KEY_REFUSED: Final = "org.bluez.Reason.Authentication"
_NO_SUCH_DEVICE: Final = frozenset(
    ("org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownMethod")
)


class Agent(ServiceInterface):
    """Says yes for one device and no to everything else.

    The methods are those of org.bluez.Agent1, named so.
    """

    def __init__(self, device: str) -> None:
        super().__init__("org.bluez.Agent1")
        self._device = device

    @dbus_method()
    def RequestConfirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:  # noqa: ARG002, N802
        self._only_ours(device)

    @dbus_method()
    def RequestAuthorization(self, device: DBusObjectPath) -> None:  # noqa: N802
        self._only_ours(device)

    @dbus_method()
    def RequestPinCode(self, device: DBusObjectPath) -> DBusStr:  # noqa: N802
        raise _rejected(device)

    @dbus_method()
    def RequestPasskey(self, device: DBusObjectPath) -> DBusUInt32:  # noqa: N802
        raise _rejected(device)

    @dbus_method()
    def DisplayPinCode(self, device: DBusObjectPath, pincode: DBusStr) -> None:  # noqa: ARG002, N802
        raise _rejected(device)

    @dbus_method()
    def DisplayPasskey(  # noqa: N802
        self,
        device: DBusObjectPath,
        passkey: DBusUInt32,  # noqa: ARG002
        entered: DBusUInt16,  # noqa: ARG002
    ) -> None:
        raise _rejected(device)

    @dbus_method()
    def AuthorizeService(self, device: DBusObjectPath, uuid: DBusStr) -> None:  # noqa: ARG002, N802
        raise _rejected(device)

    @dbus_method()
    def Cancel(self) -> None:  # noqa: N802
        pass

    @dbus_method()
    def Release(self) -> None:  # noqa: N802
        pass

    def _only_ours(self, device: str) -> None:
        if device != self._device:
            raise _rejected(device)


def _rejected(device: str) -> DBusError:
    return DBusError("org.bluez.Error.Rejected", f"{device} is nobody we asked for")


async def is_bonded(device: str) -> bool:
    """Whether BlueZ has keys for the device at this path; not for one that it has forgotten.

    Raises BleakDBusError, OSError, EOFError.
    """
    async with _bus() as bus:
        try:
            return await _is_bonded(bus, device)
        except BleakDBusError as error:
            if error.dbus_error in _NO_SUCH_DEVICE:
                return False
            raise


async def pair(device: str) -> None:
    """Make a bond, unless there is one; the caller sets the time limit.

    Raises PairingRefusedError; BleakDBusError, OSError, EOFError.
    """
    async with _bus() as bus:
        if await _is_bonded(bus, device):
            return
        bus.export(AGENT, Agent(device))
        manager = (bus, "/org/bluez", "org.bluez.AgentManager1")
        await _call(*manager, "RegisterAgent", "os", AGENT, "NoInputNoOutput")
        try:
            await _call(bus, device, DEVICE, "Pair")
        except BleakDBusError as error:
            if error.dbus_error in _REFUSED:
                raise PairingRefusedError from error
            raise
        finally:  # to leave the bus does it too
            with suppress(BleakDBusError, EOFError, OSError):
                await _call(*manager, "UnregisterAgent", "o", AGENT)


async def forget(adapter: str, device: str) -> None:
    """Have BlueZ forget the device and its keys. Raises BleakDBusError, OSError, EOFError."""
    async with _bus() as bus:
        await _call(bus, adapter, ADAPTER, "RemoveDevice", "o", device)


async def adapter() -> Adapter | None:
    """The one that bleak searches by: the first that is on and can.

    Raises BleakDBusError, OSError, EOFError.
    """
    async with _bus() as bus:
        manager = "org.freedesktop.DBus.ObjectManager"
        (objects,) = await _call(bus, "/", manager, "GetManagedObjects")
    for path, interfaces in objects.items():
        said = {key: value.value for key, value in interfaces.get(ADAPTER, {}).items()}
        number = path.rpartition("/hci")[2]
        if said.get("Powered") and "central" in said.get("Roles", ()) and number.isdecimal():
            return Adapter(int(number), said["Address"])
    return None


@asynccontextmanager
async def watch_keys(device: str) -> AsyncIterator[Callable[[], bool]]:
    """Meanwhile: whether connections have ended because the band refused the key.

    BlueZ will say so one day; 5.82 in Debian does not. It tells the program only that connecting
    failed, in words that fit anything, and cuts each connection as soon as it is made, before it
    has seen a service: one after the other, which no bad air does. Raises OSError, EOFError.
    """
    refused = False
    cut = 0

    def heard(message: Message) -> None:
        nonlocal refused, cut
        if message.path != device:
            return
        if message.member == "Disconnected":
            refused = refused or message.body[:1] == [_KEY_REFUSED]
        elif message.member == "PropertiesChanged" and message.body[0] == DEVICE:
            changed = {name: value.value for name, value in message.body[1].items()}
            if changed.get("ServicesResolved"):
                cut = 0
            elif changed.get("Connected") is False:
                cut += 1
            refused = refused or cut >= _CUT_AT_ONCE

    async with _bus() as bus:
        bus.add_message_handler(heard)
        await _listen(bus, DEVICE, "Disconnected", f"path='{device}'")
        await _listen(bus, PROPERTIES, "PropertiesChanged", f"path='{device}'")
        yield lambda: refused


async def until_bonded(address: str) -> None:
    """Wait until BlueZ has made a bond with the device, whoever asked for it.

    Raises OSError, EOFError.
    """
    made = asyncio.Event()
    name = f"/dev_{address.upper().replace(':', '_')}"

    def heard(message: Message) -> None:
        if message.member == "PropertiesChanged" and (message.path or "").endswith(name):
            paired = message.body[1].get("Paired")
            if paired is not None and paired.value:
                made.set()

    async with _bus() as bus:
        bus.add_message_handler(heard)
        of_devices = f"path_namespace='/org/bluez',arg0='{DEVICE}'"
        await _listen(bus, PROPERTIES, "PropertiesChanged", of_devices)
        await made.wait()


async def _listen(bus: MessageBus, interface: str, member: str, of: str) -> None:
    rule = f"type='signal',sender='{BLUEZ}',interface='{interface}',member='{member}'"
    await bus.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="AddMatch",
            signature="s",
            body=[f"{rule},{of}"],
        )
    )


async def leave() -> None:
    """End the D-Bus connection by which bleak searches and watches; its next call makes a new one.

    Raises BleakError, OSError, EOFError.
    """
    bus = (await get_global_bluez_manager())._bus  # bleak has no other door to it
    if bus is not None:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast types it not


async def is_there() -> bool:
    """Whether bluetoothd runs. Raises OSError, EOFError."""
    async with _bus() as bus:
        answer = await bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="NameHasOwner",
                signature="s",
                body=[BLUEZ],
            )
        )
        return answer.body == [True]


@asynccontextmanager
async def _bus() -> AsyncIterator[MessageBus]:
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        yield bus
    finally:
        bus.disconnect()


async def _is_bonded(bus: MessageBus, device: str) -> bool:
    (value,) = await _call(bus, device, PROPERTIES, "Get", "ss", DEVICE, "Paired")
    return bool(value.value)


async def _call(
    bus: MessageBus, path: str, interface: str, member: str, signature: str = "", *body: object
) -> list[Any]:
    """BlueZ's answer. Raises BleakDBusError for an error of its."""
    answer = await bus.call(
        Message(
            destination=BLUEZ,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
    )
    if answer.message_type is MessageType.ERROR:
        raise BleakDBusError(answer.error_name or "", answer.body)
    return answer.body
