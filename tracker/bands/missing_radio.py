"""What a person whose system has no Bluetooth to offer is told: what is missing, and what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tracker.errors import StretchbandError

RFKILL = Path("/sys/class/rfkill")


class RadioUnavailable(StretchbandError):  # noqa: N818 - a state of things, as the wearer says it
    """There is no Bluetooth to be had: what is missing and what to do."""

    exit_status = 1


_ELSE = 'or name another radio as "radio" in [bluetooth]'
NO_BUS: Final = (
    "there is no D-Bus system bus, by which Bluetooth is reached on Linux: install the "
    f"packages dbus and bluez and start the service bluetooth, {_ELSE}"
)
NO_RIGHTS: Final = (
    "this user may not use Bluetooth: add it to the group bluetooth "
    "(sudo usermod -aG bluetooth $USER) and log in again"
)
_OFF = (
    "the Bluetooth adapter is switched off: rfkill unblock bluetooth, then bluetoothctl power on"
    if sys.platform == "linux"
    else "Bluetooth is switched off: switch it on in the system's settings"
)
_SOFTLY = (
    "the Bluetooth adapter is blocked by rfkill: rfkill unblock bluetooth, then bluetoothctl power "
    "on"
)
_HARD = "the Bluetooth adapter is off by a switch of the machine: use its key for wireless"
BUSY: Final = (
    "BlueZ begins no search while another program (stretchband run or pair, a settings window) "
    "begins or ends one, or connects; if that does not pass, restart it (sudo systemctl restart "
    "bluetooth)"
)
NO_SERVICE: Final = (
    "the Bluetooth service (bluetoothd) is not running: install the package bluez and start it "
    f"(sudo systemctl enable --now bluetooth), {_ELSE}"
)

_NO_START = (
    "the Bluetooth service (bluetoothd) does not start, as is so without an adapter: plug one in "
    f"(a USB dongle will do), or see what systemctl status bluetooth says, {_ELSE}"
)

BY_REASON: Final = {
    "NO_BLUETOOTH": (
        "no Bluetooth adapter was found: plug one in (a USB dongle will do), end a program that "
        f"holds it for itself, {_ELSE}"
    ),
    "NO_BLE_CENTRAL_ROLE": (
        "the Bluetooth adapter is too old for Bluetooth Low Energy: plug in one of version 4.2 "
        f"or later, {_ELSE}"
    ),
    "DENIED_BY_SYSTEM": NO_RIGHTS,
    "DENIED_BY_USER": (
        "Bluetooth was denied to this program: allow it in the system's privacy settings"
    ),
}
"""By the name of bleak's BleakBluetoothNotAvailableReason; POWERED_OFF is `switched_off`."""

_BY_DBUS_ERROR: Final = {
    "org.freedesktop.DBus.Error.ServiceUnknown": NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": NO_SERVICE,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": NO_SERVICE,
    "org.freedesktop.systemd1.NoSuchUnit": NO_SERVICE,
    "org.freedesktop.systemd1.UnitMasked": NO_SERVICE,
    # Without systemd D-Bus is told to start /bin/false in place of bluetoothd.
    "org.freedesktop.DBus.Error.Spawn.ChildExited": NO_SERVICE,
    # systemd does not start it without an adapter, and does not tell D-Bus, which waits for it.
    "org.freedesktop.DBus.Error.TimedOut": _NO_START,
    "org.freedesktop.DBus.Error.AccessDenied": NO_RIGHTS,
}


def without_bumble(name: str) -> str:
    """For a radio that Bumble drives."""
    return (
        f"the radio \"{name}\" needs Bumble, which is not installed: pip install 'stretchband[sim]'"
    )


def by_dbus_error(name: str) -> str | None:
    """What BlueZ or its bus lacks; None for an error that passes."""
    return switched_off() if name == "org.bluez.Error.NotReady" else _BY_DBUS_ERROR.get(name)


def switched_off() -> str:
    """By whom, as far as the kernel tells."""
    blocks = _blocks()
    return _HARD if "hard" in blocks else _SOFTLY if "soft" in blocks else _OFF


def _blocks() -> set[str]:
    """`soft`, `hard`: by what the radio is blocked."""
    return {
        kind
        for switch in RFKILL.glob("*")
        if _read(switch / "type") == "bluetooth"
        for kind in ("soft", "hard")
        if _read(switch / kind) == "1"
    }


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return ""
