"""The system's own Bluetooth: BlueZ on Linux, CoreBluetooth on a Mac, WinRT on Windows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Final

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)
from bleak_retry_connector import close_stale_connections_by_address

from tracker.bands.radio import SYSTEM, Radio, RadioUnavailable

_RELEASE_S = 15.0


class SystemRadio(Radio):
    """The adapter that the operating system has."""

    def __init__(self) -> None:
        super().__init__(SYSTEM)

    async def release(self, address: str) -> None:
        """BlueZ keeps a killed process's connection and then answers `InProgress` for hours."""
        async with asyncio.timeout(_RELEASE_S):
            await close_stale_connections_by_address(address)

    async def _start_scanner(
        self, heard: Callable[[BLEDevice, AdvertisementData], None]
    ) -> BleakScanner:
        scanner = BleakScanner(heard)
        try:
            await scanner.start()
        except (BleakError, OSError, EOFError) as error:
            missing = _what_is_missing(error)
            if missing is None:
                raise
            raise RadioUnavailable(missing) from error
        return scanner


_ELSE = 'or name another radio as "radio" in [bluetooth]'
_RIGHTS = (
    "This user may not use Bluetooth: add it to the group bluetooth "
    "(sudo usermod -aG bluetooth $USER) and log in again."
)
_NO_ADAPTER = f"No Bluetooth adapter was found: plug one in (a USB dongle will do), {_ELSE}."
_REASONS: Final = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: _NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: (
        "The Bluetooth adapter is too old for Bluetooth Low Energy: plug in one of version 4.2 "
        f"or later, {_ELSE}."
    ),
    BleakBluetoothNotAvailableReason.POWERED_OFF: (
        "The Bluetooth adapter is switched off: rfkill unblock bluetooth, "
        "then bluetoothctl power on."
        if sys.platform == "linux"
        else "Bluetooth is switched off: switch it on in the system's settings."
    ),
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: _RIGHTS,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: (
        "Bluetooth was denied to this program: allow it in the system's privacy settings."
    ),
}
_NO_BLUETOOTHD = (
    "The Bluetooth service (bluetoothd) is not running: install the package bluez and start it "
    f"(sudo systemctl enable --now bluetooth), {_ELSE}."
)
_DBUS_ERRORS: Final = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_BLUETOOTHD,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_BLUETOOTHD,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": _NO_BLUETOOTHD,
    "org.freedesktop.systemd1.NoSuchUnit": _NO_BLUETOOTHD,
    "org.freedesktop.DBus.Error.AccessDenied": _RIGHTS,
    "org.bluez.Error.NotReady": _REASONS[BleakBluetoothNotAvailableReason.POWERED_OFF],
}


def _what_is_missing(error: BleakError | OSError | EOFError) -> str | None:
    """The sentence for it; None when it is no lack of a radio but a passing failure."""
    match error:
        case BleakBluetoothNotAvailableError():
            return _REASONS.get(error.reason, f"Bluetooth is not available: {error.args[0]}.")
        case BleakDBusError():
            return _DBUS_ERRORS.get(error.dbus_error)
        case PermissionError():
            return _RIGHTS
        case OSError():
            return (
                "There is no D-Bus system bus, by which Bluetooth is reached on Linux: install the "
                f"packages dbus and bluez and start the service bluetooth, {_ELSE}."
            )
    return None
