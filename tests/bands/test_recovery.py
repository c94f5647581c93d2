"""A stuck adapter is reset seldom, and only for what is its own fault."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from tracker.bands.recovery import FAILURES, PAUSE_S, Adapter, Recovery, by_library
from tracker.errors import StretchbandError

if sys.platform != "linux":
    pytest.skip("BlueZ and D-Bus are Linux's", allow_module_level=True)

from dbus_fast import Variant

from tests.bands.test_system_radio import bluez, system_bus
from tracker.bands.bluez_radio import BlueZRadio
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.opening import open_radio
from tracker.bands.radio import RADIO_ERRORS

HCI1 = Adapter(1, "02:53:42:00:00:01")
SAID = {
    "Roles": Variant("as", ["central"]),
    "Powered": Variant("b", True),
    "Address": Variant("s", HCI1.address),
}


class Resets:
    """What was reset, in place of the library."""

    def __init__(self, works: bool = True) -> None:
        self.done: list[Adapter] = []
        self._works = works

    async def __call__(self, adapter: Adapter) -> bool:
        self.done.append(adapter)
        return self._works


def known(resets: Resets) -> Recovery:
    recovery = Recovery(resets)
    recovery.searches(HCI1)
    return recovery


async def fail(recovery: Recovery, times: int, at_s: float = 0.0) -> None:
    for _ in range(times):
        await recovery.failed(at_s)


async def test_the_last_of_so_many_failures_in_a_row_resets_once() -> None:
    resets = Resets()
    recovery = known(resets)
    await fail(recovery, FAILURES - 1)
    assert not resets.done
    await fail(recovery, 1)
    assert resets.done == [HCI1]


async def test_a_search_that_begins_starts_the_count_anew() -> None:
    resets = Resets()
    recovery = known(resets)
    for _ in range(3):
        await fail(recovery, FAILURES - 1)
        recovery.searches(None)
    assert not resets.done


@pytest.mark.parametrize("works", [True, False])
async def test_a_reset_is_not_tried_again_for_ten_minutes(works: bool) -> None:
    resets = Resets(works)
    recovery = known(resets)
    await fail(recovery, 10 * FAILURES, 100.0)
    await fail(recovery, 10 * FAILURES, 99.0 + PAUSE_S)
    assert len(resets.done) == 1
    await fail(recovery, FAILURES, 100.0 + PAUSE_S)
    assert len(resets.done) == 2


async def test_an_adapter_that_never_searched_is_left_alone() -> None:
    resets = Resets()
    await fail(Recovery(resets), 10 * FAILURES)
    assert not resets.done


async def test_what_the_library_raises_is_told_and_no_end(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_adapter: Adapter) -> bool:
        raise IndexError("of four libraries")

    recovery = Recovery(broken)
    recovery.searches(HCI1)
    with caplog.at_level(logging.WARNING):
        await fail(recovery, FAILURES)
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "The Bluetooth adapter hci1 failed 5 times in a row and is reset."
    assert said[1] == "The Bluetooth adapter hci1: of four libraries"
    assert "CAP_NET_ADMIN" in said[2]


async def test_the_library_is_asked_by_number_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str, bool]] = []

    async def recover_adapter(hci: int, mac: str, gone_silent: bool = False) -> bool:
        asked.append((hci, mac, gone_silent))
        return True

    library = ModuleType("bluetooth_auto_recovery")
    library.recover_adapter = recover_adapter  # type: ignore[attr-defined]  # as its own has it
    monkeypatch.setitem(sys.modules, "bluetooth_auto_recovery", library)
    assert await by_library(HCI1)
    assert asked == [(1, HCI1.address, False)]


async def test_the_real_library_says_no_for_an_adapter_that_there_is_not() -> None:
    pytest.importorskip("bluetooth_auto_recovery", reason='pip install "stretchband[recovery]"')
    assert await by_library(Adapter(77, "02:53:42:00:00:77")) is False


# -- what the radio counts


async def search(radio: BlueZRadio, times: int) -> None:
    for _ in range(times):
        with suppress(RadioUnavailable, *RADIO_ERRORS):
            await radio.find("F0:F1:F2:F3:F4:01", 0.01)


ON = {"/org/bluez/hci1": SAID}
OFF = {"/org/bluez/hci1": {**SAID, "Powered": Variant("b", False)}}


@pytest.mark.parametrize(
    ("adapters", "error", "resets_it"),
    [
        (ON, "org.bluez.Error.Failed", True),
        (ON, "org.bluez.Error.InProgress", True),
        (ON, "org.freedesktop.DBus.Error.UnknownObject", True),
        (OFF, None, False),  # a person's doing
        (ON, "org.bluez.Error.NotReady", False),
        (ON, "org.freedesktop.DBus.Error.AccessDenied", False),
    ],
    ids=["failed", "in progress", "vanishing", "off", "not ready", "no right"],
)
async def test_only_what_is_the_adapters_own_fault_counts(
    adapters: dict[str, dict[str, Variant]],
    error: str | None,
    resets_it: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker.bands.bluez_radio.TURN_S", 0.01)
    resets = Resets()
    radio = BlueZRadio(Recovery(resets))
    async with system_bus(tmp_path, monkeypatch) as bus:
        async with bluez(bus, ON):
            await search(radio, 1)
        async with bluez(bus, adapters, error):
            await search(radio, FAILURES)
    assert resets.done == ([HCI1] if resets_it else [])


@pytest.mark.parametrize("was_there", [True, False])
async def test_an_adapter_that_has_vanished_is_reset_where_there_was_one(
    was_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resets = Resets()
    radio = BlueZRadio(known(resets) if was_there else Recovery(resets))
    async with system_bus(tmp_path, monkeypatch) as bus, bluez(bus, {}):
        with pytest.raises(RadioUnavailable, match="no Bluetooth adapter was found"):
            await radio.scan(0.01)
        await search(radio, FAILURES - 1)
    assert resets.done == ([HCI1] if was_there else [])


async def test_a_service_that_is_away_is_not_the_adapters_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resets = Resets()
    radio = BlueZRadio(Recovery(resets))
    async with system_bus(tmp_path, monkeypatch) as bus:
        async with bluez(bus, ON):
            await search(radio, 1)
        await search(radio, 2 * FAILURES)
    assert not resets.done


def test_a_missing_library_is_told_with_the_extra_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker.bands.opening.find_spec", lambda _name: None)
    with pytest.raises(StretchbandError) as told:
        open_radio("system", recovery=True)
    assert str(told.value) == (
        "bluetooth.recovery needs bluetooth-auto-recovery: pip install 'stretchband[recovery]'"
    )
