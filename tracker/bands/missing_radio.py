"""What a person whose system has no Bluetooth to offer is told: what is missing, and what to do."""

from __future__ import annotations

import sys
from typing import Final

_ELSE = 'or name another radio as "radio" in [bluetooth]'
NO_BUS: Final = (
    "There is no D-Bus system bus, by which Bluetooth is reached on Linux: install the "
    f"packages dbus and bluez and start the service bluetooth, {_ELSE}."
)
NO_RIGHTS: Final = (
    "This user may not use Bluetooth: add it to the group bluetooth "
    "(sudo usermod -aG bluetooth $USER) and log in again."
)
_OFF = (
    "The Bluetooth adapter is switched off: rfkill unblock bluetooth, then bluetoothctl power on."
    if sys.platform == "linux"
    else "Bluetooth is switched off: switch it on in the system's settings."
)
_NO_SERVICE = (
    "The Bluetooth service (bluetoothd) is not running: install the package bluez and start it "
    f"(sudo systemctl enable --now bluetooth), {_ELSE}."
)

BY_REASON: Final = {
    "NO_BLUETOOTH": (
        f"No Bluetooth adapter was found: plug one in (a USB dongle will do), {_ELSE}."
    ),
    "NO_BLE_CENTRAL_ROLE": (
        "The Bluetooth adapter is too old for Bluetooth Low Energy: plug in one of version 4.2 "
        f"or later, {_ELSE}."
    ),
    "POWERED_OFF": _OFF,
    "DENIED_BY_SYSTEM": NO_RIGHTS,
    "DENIED_BY_USER": (
        "Bluetooth was denied to this program: allow it in the system's privacy settings."
    ),
}
"""By the name of bleak's BleakBluetoothNotAvailableReason."""

BY_DBUS_ERROR: Final = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_SERVICE,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": _NO_SERVICE,
    "org.freedesktop.systemd1.NoSuchUnit": _NO_SERVICE,
    "org.freedesktop.DBus.Error.AccessDenied": NO_RIGHTS,
    "org.bluez.Error.NotReady": _OFF,
}
