"""The system's radio where something of it is missing: a real D-Bus and what is put on it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bands.rig import linked, soon
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.opening import open_radio

if sys.platform != "linux":
    pytest.skip("BlueZ and D-Bus are Linux's", allow_module_level=True)

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={path}</listen>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
    {rule}
  </policy>
  <servicedir>{path}-services</servicedir>
  <limit name="service_start_timeout">1000</limit>
</busconfig>
"""
NO_ONE_TO_BLUEZ = '<deny send_destination="org.bluez"/>'


ON = {"/org/bluez/hci0": {"Roles": Variant("as", ["central"]), "Powered": Variant("b", True)}}


@asynccontextmanager
async def system_bus(
    where: Path, monkeypatch: pytest.MonkeyPatch, rule: str = ""
) -> AsyncIterator[str]:
    """A D-Bus that the tracker takes for the system's; its address."""
    if shutil.which("dbus-daemon") is None:
        reason = "dbus-daemon is not installed (Debian: apt install dbus-daemon)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    address = f"unix:path={where / 'bus'}"
    config = where / "bus.conf"
    config.write_text(BUS.format(path=where / "bus", rule=rule))
    process = await asyncio.create_subprocess_exec(
        *("dbus-daemon", "--nofork", "--print-address", f"--config-file={config}"),
        stdout=asyncio.subprocess.PIPE,
    )
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(10):
            await process.stdout.readline()
        yield address
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def bluez(
    address: str, adapters: dict[str, dict[str, Variant]], discovery: str | None = None
) -> AsyncIterator[None]:
    """Who answers for BlueZ on this bus, with these adapters by path.

    discovery: the error that StartDiscovery ends with.
    """
    objects = {path: {"org.bluez.Adapter1": said} for path, said in adapters.items()}

    def answer(message: Message) -> Message | None:
        if message.member in ("SetDiscoveryFilter", "StopDiscovery"):
            return Message.new_method_return(message)
        if message.member == "StartDiscovery":
            if discovery is None:
                return Message.new_method_return(message)
            return Message.new_error(message, discovery, "said BlueZ")
        if message.member != "GetManagedObjects":
            return None
        return Message.new_method_return(message, "a{oa{sa{sv}}}", [objects])

    bus = await MessageBus(bus_address=address).connect()
    bus.add_message_handler(answer)
    await bus.request_name("org.bluez")
    try:
        yield
    finally:
        bus.disconnect()


async def sentence() -> str:
    radio = open_radio("system")
    with pytest.raises(RadioUnavailable) as told:
        await radio.scan(0.1)
    assert told.value.exit_status == 1
    return str(told.value)


async def test_without_a_bus_dbus_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    assert (await sentence()).startswith("there is no D-Bus system bus,")


async def test_without_bluetoothd_its_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system_bus(tmp_path, monkeypatch):
        assert (await sentence()).startswith("the Bluetooth service (bluetoothd) is not running:")


@pytest.mark.parametrize(
    ("starts", "begins"),
    [
        ("/bin/false", "the Bluetooth service (bluetoothd) is not running:"),  # without systemd
        ("/bin/sleep 2", "the Bluetooth service (bluetoothd) does not start, as is so without"),
    ],
)
async def test_a_bluetoothd_that_does_not_start_is_told(
    starts: str, begins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "bus-services"
    services.mkdir()
    service = f"[D-BUS Service]\nName=org.bluez\nExec={starts}\n"
    (services / "org.bluez.service").write_text(service)
    async with system_bus(tmp_path, monkeypatch):
        assert (await sentence()).startswith(begins)


async def test_a_bluetoothd_that_has_gone_is_told_from_a_missing_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    radio = open_radio("system")
    async with system_bus(tmp_path, monkeypatch) as bus:
        async with bluez(bus, {}):
            with pytest.raises(RadioUnavailable, match="no Bluetooth adapter was found"):
                await radio.scan(0.1)
        with pytest.raises(RadioUnavailable, match=r"\(bluetoothd\) is not running:"):
            await radio.scan(0.1)


async def test_without_rights_the_group_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system_bus(tmp_path, monkeypatch, NO_ONE_TO_BLUEZ) as bus, bluez(bus, {}):
        assert (await sentence()).startswith("this user may not use Bluetooth: add it to the group")


async def test_without_an_adapter_one_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system_bus(tmp_path, monkeypatch) as bus, bluez(bus, {}):
        assert (await sentence()).startswith("no Bluetooth adapter was found: plug one in")


@pytest.mark.parametrize(
    ("roles", "begins"),
    [
        (["central", "peripheral"], "the Bluetooth adapter is switched off: rfkill unblock"),
        ([], "the Bluetooth adapter is too old for Bluetooth Low Energy:"),
    ],
)
async def test_an_adapter_of_no_use_is_told_from_a_missing_one(
    roles: list[str], begins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"Roles": Variant("as", roles), "Powered": Variant("b", False)}
    async with (
        system_bus(tmp_path, monkeypatch) as bus,
        bluez(bus, {"/org/bluez/hci0": said}),
    ):
        assert (await sentence()).startswith(begins)


def blocked(kind: str, where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel shows it: the second switch is the radio's."""
    monkeypatch.setattr("tracker.bands.missing_radio.RFKILL", where)
    for number, (type_, soft, hard) in enumerate(
        [("wlan", "1", "1"), ("bluetooth", str(int(kind == "soft")), str(int(kind == "hard")))]
    ):
        (where / f"rfkill{number}").mkdir(parents=True)
        for name, text in (("type", type_), ("soft", soft), ("hard", hard)):
            (where / f"rfkill{number}" / name).write_text(f"{text}\n")


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("soft", "the Bluetooth adapter is blocked by rfkill: rfkill unblock bluetooth"),
        ("hard", "the Bluetooth adapter is off by a switch of the machine: use its key"),
        ("neither", "the Bluetooth adapter is switched off: rfkill unblock bluetooth"),
    ],
)
@pytest.mark.parametrize("powered", [False, True])
async def test_a_blocked_adapter_is_told_by_whom(
    kind: str, begins: str, powered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """powered: BlueZ found out only when it was to search."""
    blocked(kind, tmp_path / "rfkill", monkeypatch)
    said = {"Roles": Variant("as", ["central"]), "Powered": Variant("b", powered)}
    async with (
        system_bus(tmp_path, monkeypatch) as bus,
        bluez(bus, {"/org/bluez/hci0": said}, "org.bluez.Error.NotReady"),
    ):
        assert (await sentence()).startswith(begins)


async def test_without_the_right_to_search_the_group_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = '<deny send_interface="org.bluez.Adapter1" send_member="StartDiscovery"/>'
    async with system_bus(tmp_path, monkeypatch, rule) as bus, bluez(bus, ON):
        assert (await sentence()).startswith("this user may not use Bluetooth: add it to the group")


async def test_searches_that_stay_refused_are_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.bands.bluez_radio.TURN_S", 0.01)
    async with (
        system_bus(tmp_path, monkeypatch) as bus,
        bluez(bus, ON, "org.bluez.Error.InProgress"),
        linked(open_radio("system")) as link,
    ):
        await soon(lambda: link.link.state.faults["busy"] >= 2)
        assert link.link.state.trouble == (
            "band1: BlueZ begins no search while another program (stretchband run or pair, a "
            "settings window) begins or ends one, or connects; if that does not pass, restart it "
            "(sudo systemctl restart bluetooth)."
        )


async def test_a_link_without_bluetooth_ends_with_the_same_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        system_bus(tmp_path, monkeypatch) as bus,
        bluez(bus, {}),
        linked(open_radio("system")) as link,
    ):
        with pytest.raises(RadioUnavailable, match="no Bluetooth adapter was found"):
            await link.end()
