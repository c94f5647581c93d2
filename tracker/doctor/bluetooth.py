"""Is there a radio, switched on, and may this user have it? Looked up, not used: the daemon may."""

from __future__ import annotations

import stat
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tracker.bands.missing_radio import (
    BY_REASON,
    NO_BUS,
    NO_RIGHTS,
    by_dbus_error,
    switched_off,
    without_bumble,
)
from tracker.bands.system_radio import SYSTEM
from tracker.doctor.finding import Finding, ok, told, warning, wrong

ABOUT = "bluetooth"
_SCAN = "`stretchband scan` shows whether a band is heard"


async def look_at_radio(name: str) -> Finding:
    """The radio of the config."""
    if name == SYSTEM:
        if sys.platform != "linux":
            return warning(ABOUT, "the system's radio cannot be looked at here", _SCAN)
        return await _bluez()
    if find_spec("bumble") is None:
        return _missing(without_bumble(name))
    kind, _, where = name.partition(":")
    if kind == "unix":
        if not _is_socket(Path(where)):
            return wrong(ABOUT, f"no radio listens at {name}", "start what listens there")
        return ok(ABOUT, f"the radio {name} is there")
    return warning(ABOUT, f"the radio {name} is not looked at, it may be in use", _SCAN)


def _is_socket(path: Path) -> bool:
    return path.exists() and stat.S_ISSOCK(path.stat().st_mode)


async def _bluez() -> Finding:
    from dbus_fast import BusType, Message, MessageType
    from dbus_fast.aio import MessageBus
    from dbus_fast.errors import AuthError

    try:
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    except (PermissionError, AuthError):
        return _missing(NO_RIGHTS)
    except (OSError, EOFError):
        return _missing(NO_BUS)
    try:
        answer = await bus.call(
            Message(
                destination="org.bluez",
                path="/",
                interface="org.freedesktop.DBus.ObjectManager",
                member="GetManagedObjects",
            )
        )
    finally:
        bus.disconnect()
    if answer is None or answer.message_type is MessageType.ERROR:
        name = "" if answer is None else answer.error_name or ""
        known = by_dbus_error(name)
        if known is None:
            return wrong(ABOUT, f"BlueZ answers {name}", "restart it: systemctl restart bluetooth")
        return _missing(known)
    (objects,) = answer.body
    return _adapter(objects)


def _adapter(objects: dict[str, dict[str, dict[str, Any]]]) -> Finding:
    adapters = {
        path.rpartition("/")[2]: {key: said.value for key, said in interfaces[_ADAPTER].items()}
        for path, interfaces in sorted(objects.items())
        if _ADAPTER in interfaces
    }
    if not adapters:
        return _missing(BY_REASON["NO_BLUETOOTH"])
    able = {name: it for name, it in adapters.items() if "central" in it.get("Roles", ["central"])}
    if not able:
        return _missing(BY_REASON["NO_BLE_CENTRAL_ROLE"])
    on = [name for name, it in able.items() if it.get("Powered", True)]
    if on:
        return ok(ABOUT, f"the adapter {', '.join(on)} is on")
    return _missing(switched_off())


_ADAPTER = "org.bluez.Adapter1"


def _missing(sentence: str) -> Finding:
    says, _, step = sentence.partition(": ")
    return wrong(ABOUT, says, step) if step else told(ABOUT, sentence, _SCAN)
