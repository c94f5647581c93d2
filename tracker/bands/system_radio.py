"""The adapter that the system has, and what is missing where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError
from bleak_retry_connector import close_stale_connections_by_address

from tracker.bands.missing_radio import (
    BUSY,
    BY_REASON,
    NO_BUS,
    NO_RIGHTS,
    RadioUnavailable,
    by_dbus_error,
    switched_off,
)
from tracker.bands.radio import START_S, BusyError, Radio

SYSTEM: Final = "system"

_IN_PROGRESS = "org.bluez.Error.InProgress"


class SystemRadio(Radio):
    """The adapter that the system has: CoreBluetooth or WinRT, which pair by themselves."""

    def __init__(self) -> None:
        super().__init__(SYSTEM)

    async def release(self, address: str) -> None:
        """BlueZ keeps a killed process's connection and then answers `InProgress` for hours."""
        async with asyncio.timeout(START_S):
            await close_stale_connections_by_address(address)

    async def _start_scanner(
        self, heard: Callable[[BLEDevice, AdvertisementData], None]
    ) -> BleakScanner:
        scanner = BleakScanner(heard)
        try:
            await scanner.start()
        except (BleakError, OSError, EOFError) as error:
            missing = _what_is_missing(error)
            if missing is not None:
                raise RadioUnavailable(missing) from error
            if isinstance(error, BleakDBusError) and error.dbus_error == _IN_PROGRESS:
                raise BusyError(BUSY) from error
            raise
        return scanner


def _what_is_missing(error: BleakError | OSError | EOFError) -> str | None:
    """The sentence for it; None when no radio is missing and it is a passing failure."""
    match error:
        case BleakBluetoothNotAvailableError() if error.reason.name == "POWERED_OFF":
            return switched_off()
        case BleakBluetoothNotAvailableError():
            return BY_REASON.get(error.reason.name, f"Bluetooth is not available: {error.args[0]}")
        case BleakDBusError():
            return by_dbus_error(error.dbus_error)
        case PermissionError():
            return NO_RIGHTS
        case OSError():
            return NO_BUS
    return None
