"""A bond at a person's wish: what is good stays, what the band refuses is made anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from bleak.exc import BleakError

from firmware_sim.air import Air
from tests.bands.rig import ADDRESS, Rig, linked, radio_on, rig, soon, still_firmware
from tests.bands.test_bonding import in_file, owned_by_another
from tracker.bands.bonding import PairingRefusedError
from tracker.bands.bumble_radio import BumbleRadio
from tracker.bands.radio import Connection, Seen
from tracker.bands.renewal import Renewal, renew


async def paired(r: Rig) -> None:
    assert await renew(r.radio, ADDRESS) is Renewal.PAIRED
    owner = r.band.gatt.bonds.bonded.owner
    assert owner is not None, "the band has taken it for good"


async def after_forgetting(
    r: Rig, monkeypatch: pytest.MonkeyPatch, then: Callable[[], Awaitable[None]]
) -> None:
    """A band that was paired with and lost it; `then` comes to pass when its bond is forgotten."""
    await paired(r)
    r.band.gatt.bonds.forget()
    forget = r.radio.forget

    async def forgets(seen: Seen) -> None:
        await forget(seen)
        await then()

    monkeypatch.setattr(r.radio, "forget", forgets)


async def test_a_new_band_is_paired_with_and_a_good_bond_is_left(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        await paired(r)
        known = in_file(tmp_path).get(ADDRESS)
        assert known is not None
        assert known.proven
        assert await renew(r.radio, ADDRESS) is Renewal.ALREADY
        assert in_file(tmp_path).get(ADDRESS) == known


async def test_a_band_that_forgot_is_paired_anew(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        await paired(r)
        before = in_file(tmp_path).get(ADDRESS)
        r.band.gatt.bonds.forget()
        await paired(r)
        assert in_file(tmp_path).get(ADDRESS) != before


async def test_a_band_that_forgot_and_has_another_owner_wants_its_button(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        await paired(r)
        r.band.gatt.bonds.forget()
        owned_by_another(r)
        with pytest.raises(PairingRefusedError):
            await renew(r.radio, ADDRESS)
        r.band.gatt.press_button()
        await paired(r)


async def test_who_is_not_there_is_not_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.bands.renewal.LOOK_S", 0.1)
    async with radio_on(Air(), tmp_path) as radio:
        assert await renew(radio, ADDRESS) is Renewal.NOT_HEARD


async def test_a_first_search_that_the_daemons_was_in_the_way_of_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        find = r.radio.find
        refusals = [BleakError("in progress")]

        async def finds(address: str, seconds: float) -> Seen | None:
            if refusals:
                raise refusals.pop()
            return await find(address, seconds)

        monkeypatch.setattr(r.radio, "find", finds)
        await paired(r)
        assert not refusals


async def test_a_search_that_stays_refused_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(_address: str, _seconds: float) -> Seen | None:
        raise BleakError("in progress")

    async with radio_on(Air(), tmp_path) as radio:
        monkeypatch.setattr(radio, "find", refuses)
        with pytest.raises(BleakError, match="in progress"):
            await renew(radio, ADDRESS)


async def test_another_kind_of_device_is_not_paired_with(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        server = r.band.gatt.device.gatt_server
        server.services = []
        server.attributes.clear()
        server.attributes_by_handle.clear()
        assert await renew(r.radio, ADDRESS) is Renewal.NOT_A_BAND
        assert not list(r.band.gatt.bonds)


async def test_a_refused_renewal_leaves_the_connection_to_others(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        owned_by_another(r)
        with pytest.raises(PairingRefusedError):
            await renew(r.radio, ADDRESS)
        assert not r.band.gatt.device.connections


async def test_a_connection_that_a_daemon_cuts_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On BlueZ, where the daemon and this have one connection, it was seen with both at it."""
    async with rig(tmp_path, still_firmware()) as r:
        await paired(r)
        r.band.gatt.bonds.forget()
        cuts = ["in progress", "aborted"]
        connect = r.radio.connect

        async def cut(*args: object, **options: object) -> Connection:
            if cuts and await r.radio.knows(args[0]) is False:  # type: ignore[arg-type]  # as it came
                raise BleakError(cuts.pop())
            return await connect(*args, **options)  # type: ignore[arg-type]  # as they came

        monkeypatch.setattr(r.radio, "connect", cut)
        await paired(r)
        assert not cuts


async def test_a_bond_that_the_daemon_makes_first_is_the_one_that_was_wished_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tries by itself, as soon as the old bond is forgotten, and keeps the band it gets."""
    monkeypatch.setattr("tracker.bands.renewal.LOOK_S", 0.3)
    async with AsyncExitStack() as stack:
        r = await stack.enter_async_context(rig(tmp_path, still_firmware()))

        async def connects() -> None:
            daemons = BumbleRadio(r.radio.name, in_file(tmp_path))
            stack.push_async_callback(daemons.close)
            daemon = await stack.enter_async_context(linked(daemons))
            await soon(lambda: daemon.link.state.connected)

        await after_forgetting(r, monkeypatch, connects)
        await paired(r)


async def test_a_daemon_that_keeps_the_band_for_longer_than_a_look_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connect may take half a minute, and the air is the daemon's meanwhile."""
    monkeypatch.setattr("tracker.bands.renewal.LOOK_S", 0.1)
    async with rig(tmp_path, still_firmware()) as r:
        find = r.radio.find
        kept: list[str] = []

        async def begins() -> None:
            kept.extend(["connecting", "pairing"])

        async def finds(address: str, seconds: float) -> Seen | None:
            if kept:
                kept.pop()
                return None
            return await find(address, seconds=max(seconds, 20.0))

        await after_forgetting(r, monkeypatch, begins)
        monkeypatch.setattr(r.radio, "find", finds)
        await paired(r)
        assert not kept


async def test_who_goes_away_when_its_bond_was_forgotten_is_not_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.bands.renewal.LOOK_S", 0.1)
    async with rig(tmp_path, still_firmware()) as r:

        async def goes_away() -> None:
            r.air.silence()

        await after_forgetting(r, monkeypatch, goes_away)
        assert await renew(r.radio, ADDRESS) is Renewal.NOT_HEARD
