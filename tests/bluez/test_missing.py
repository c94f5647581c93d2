"""Something of Bluetooth is missing: `stretchband run` says what, and what to do, and ends."""

from __future__ import annotations

import pytest

from tests.bluez.home import Home

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]

POLICIES = "/etc/dbus-1/system.d"
DENIED = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><policy user="nobody"><deny send_destination="org.bluez"/></policy></busconfig>
"""
RELOAD = (
    "dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
    "org.freedesktop.DBus.ReloadConfig"
)


@pytest.mark.core
async def test_without_bluetoothd_its_package_and_service_are_named(home: Home) -> None:
    await home.machine.stop_bluetoothd()
    try:
        sentence = await home.complaint()
    finally:
        await home.machine.start_bluetoothd()
    assert sentence.startswith("the Bluetooth service (bluetoothd) is not running:")
    assert "systemctl enable --now bluetooth" in sentence


async def test_a_blocked_adapter_is_to_be_unblocked(home: Home) -> None:
    await home.machine.sh("rfkill block bluetooth")
    try:
        sentence = await home.complaint()
    finally:
        await home.machine.sh("rfkill unblock bluetooth")
        await home.machine.until("bluetoothctl power on")
    assert sentence.startswith(
        "the Bluetooth adapter is blocked by rfkill: rfkill unblock bluetooth"
    )


async def test_a_user_without_rights_is_told_the_group(home: Home) -> None:
    """Debian's BlueZ lets everybody in since trixie; before, and elsewhere, it is a group's."""
    (home.machine.share / "denied.conf").write_text(DENIED, "utf-8")
    await home.machine.sh(f"cp /share/denied.conf {POLICIES} && {RELOAD}")
    try:
        sentence = await home.complaint(user="nobody")
    finally:
        await home.machine.sh(f"rm {POLICIES}/denied.conf && {RELOAD}")
    assert sentence.startswith("this user may not use Bluetooth: add it to the group bluetooth")


async def test_without_an_adapter_one_is_asked_for(home: Home) -> None:
    await home.machine.pull_out()
    try:
        sentence = await home.complaint()
    finally:
        await home.machine.plug_in()
    assert sentence.startswith("no Bluetooth adapter was found: plug one in")
