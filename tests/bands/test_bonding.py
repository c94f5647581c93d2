"""The link and the band's bond: made at the first meeting, kept, lost, refused; the key file."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from bumble import smp
from bumble.pairing import PairingConfig

from firmware_sim.bonds import Bond as BandsBond
from tests.bands.rig import (
    ADDRESS,
    PATIENCE_S,
    SOON,
    Rig,
    fill,
    linked,
    numbers,
    rig,
    soon,
    still_firmware,
)
from tracker.bands.bonds import Bond, Bonds, BondsError, bonds_beside
from tracker.bands.bumble_radio import LOOK_S, BumbleRadio
from tracker.bands.link_state import LinkState
from tracker.bands.opening import open_radio
from tracker.bands.radio import BusyError
from tracker.bands.renewal import Renewal, renew

ONE, TWO = bytes(range(16)), bytes(range(1, 17))
LOST = "band1 no longer knows this computer: press its button and run stretchband pair band1."
REFUSED = (
    "band1 is bonded to another computer: press its button, and this one pairs with it "
    "within a minute."
)


def in_file(tmp_path: Path) -> Bonds:
    return Bonds(tmp_path / "bonds")


def owned_by_another(r: Rig) -> None:
    r.band.gatt.bonds.paired(BandsBond("F0:F1:F2:F3:F4:99", bytes(16)))
    r.band.gatt.bonds.used("F0:F1:F2:F3:F4:99")


async def test_the_first_meeting_makes_a_bond_and_the_next_one_uses_it(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r:
        async with linked(r.radio) as link:
            await link.take_frames(3)
            await soon(lambda: link.link.state.connected)
        first = in_file(tmp_path).get(ADDRESS)
        assert first is not None
        assert first.proven
        owner = r.band.gatt.bonds.bonded.owner
        assert owner is not None
        assert (owner.peer, owner.ltk) == (in_file(tmp_path).address, first.ltk)
        async with linked(r.radio) as link:
            await link.take_frames(3)
        assert in_file(tmp_path).get(ADDRESS) == first
        assert r.band.gatt.bonds.bonded.owner == owner


async def test_a_band_that_lost_its_bond_is_told_once_and_not_paired_again(tmp_path: Path) -> None:
    said: list[str | None] = []

    def changed(state: LinkState) -> None:
        if said[-1:] != [state.trouble]:
            said.append(state.trouble)

    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r, linked(r.radio, on_change=changed) as link:
        await link.take_frames(3)
        await soon(lambda: said[-1:] == [None])
        known = in_file(tmp_path).get(ADDRESS)
        r.band.gatt.bonds.forget()
        r.air.drop_links()
        await soon(lambda: link.link.state.faults["bond_lost"] >= 3)
        assert said[-2:] == ["band1 has disconnected.", LOST]
        assert not link.link.state.connected
        assert not list(r.band.gatt.bonds)
        assert in_file(tmp_path).get(ADDRESS) == known


@pytest.mark.parametrize("meanwhile", ["not_seen", "busy"])
async def test_what_a_person_does_who_mends_a_lost_bond_is_no_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """While `stretchband pair` is at it, the band is silent, or its search in the way."""
    said: list[str] = []

    def changed(state: LinkState) -> None:
        if state.trouble is not None and said[-1:] != [state.trouble]:
            said.append(state.trouble)

    async def refuses(_address: str, _seconds: float) -> None:
        raise BusyError("another search is in the way")

    firmware = still_firmware()
    fill(firmware, 3)
    limits = replace(SOON, longest_pause_s=1.0)
    async with rig(tmp_path, firmware) as r:
        async with linked(r.radio, on_change=changed, limits=limits) as link:
            await link.take_frames(3)
            await soon(lambda: link.link.state.connected)
            r.band.gatt.bonds.forget()
            r.air.drop_links()
            await soon(lambda: link.link.state.trouble == LOST)
            with monkeypatch.context() as during:
                if meanwhile == "busy":
                    during.setattr(r.radio, "find", refuses)
                else:
                    r.air.silence()
                await soon(lambda: link.link.state.faults[meanwhile] >= 2)
            r.air.restore()
            await soon(lambda: link.link.state.faults["bond_lost"] >= 2)
        assert said == ["band1 has disconnected.", LOST]


async def test_a_band_with_another_key_is_as_one_that_lost_it(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r:
        in_file(tmp_path).keep(ADDRESS, Bond(bytes(16), proven=True))
        r.band.gatt.bonds.paired(BandsBond(in_file(tmp_path).address, bytes(range(16))))
        async with linked(r.radio) as link:
            await soon(lambda: link.link.state.faults["bond_lost"] >= 2)
            assert link.link.state.trouble == LOST


async def test_the_right_band_coming_back_ends_the_trouble(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r, linked(r.radio) as link:
        await link.take_frames(3)
        await soon(lambda: link.link.state.connected)
        bonded = r.band.gatt.bonds.bonded
        r.band.gatt.bonds.forget()
        r.air.drop_links()
        await soon(lambda: link.link.state.trouble == LOST)
        r.band.gatt.bonds.bonded = bonded
        fill(firmware, 3)
        await link.take_frames(6)
        assert link.got == numbers(0, 6)
        await soon(lambda: link.link.state.trouble is None)


async def test_a_band_of_another_computer_is_told_and_read_after_its_button(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r:
        owned_by_another(r)
        async with linked(r.radio) as link:
            await soon(lambda: link.link.state.faults["pairing_refused"] >= 2)
            assert link.link.state.trouble == REFUSED
            assert in_file(tmp_path).get(ADDRESS) is None
            r.band.gatt.press_button()
            await link.take_frames(3)
            await soon(lambda: link.link.state.trouble is None)


async def test_what_a_person_has_to_mend_is_tried_at_the_longest_pause(tmp_path: Path) -> None:
    times: list[float] = []

    def changed(state: LinkState) -> None:
        if state.faults["pairing_refused"] > len(times):
            times.append(asyncio.get_running_loop().time())

    limits = replace(SOON, first_pause_s=0.001, longest_pause_s=0.3)
    async with rig(tmp_path, still_firmware()) as r:
        owned_by_another(r)
        async with linked(r.radio, on_change=changed, limits=limits):
            await soon(lambda: len(times) == 3)
    assert times[1] - times[0] >= limits.longest_pause_s / 2
    assert times[2] - times[1] >= limits.longest_pause_s / 2


HOURS = replace(SOON, longest_pause_s=7200.0)


async def test_a_bond_that_another_process_makes_is_used_at_once(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r, linked(r.radio, limits=HOURS) as link:
        await link.take_frames(3)
        await soon(lambda: link.link.state.connected)
        r.band.gatt.bonds.forget()
        r.air.drop_links()
        await soon(lambda: link.link.state.trouble == LOST)
        in_file(tmp_path).forget(ADDRESS)
        other = BumbleRadio(r.radio.name, in_file(tmp_path))
        try:
            assert await renew(other, ADDRESS) is Renewal.PAIRED
        finally:
            await other.close()
        fill(firmware, 3)
        await link.take_frames(6)
        await soon(lambda: link.link.state.trouble is None)
        assert link.link.state.faults["bond_lost"] == 1


async def test_a_bond_that_comes_while_the_old_one_is_tried_is_not_missed(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio, limits=HOURS) as link:
        await soon(lambda: link.link.state.connected)
        r.band.gatt.bonds.forget()
        r.air.drop_links()
        await soon(lambda: link.link.state.trouble == LOST)
        fresh = Bond(bytes(range(16)), proven=True)
        in_file(tmp_path).keep(ADDRESS, fresh)
        async with asyncio.timeout(PATIENCE_S):
            await r.radio.until_bonded(ADDRESS)
        await soon(lambda: link.link.state.faults["bond_lost"] == 2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3 * LOOK_S):
                await r.radio.until_bonded(ADDRESS.lower())


async def test_keys_that_cannot_be_read_end_no_wait(tmp_path: Path) -> None:
    radio = BumbleRadio("unix:/nowhere", in_file(tmp_path))
    (tmp_path / "bonds").write_text("{")
    waiting = asyncio.create_task(radio.until_bonded(ADDRESS))
    await asyncio.wait({waiting}, timeout=2 * LOOK_S)
    assert not waiting.done()
    (tmp_path / "bonds").unlink()
    in_file(tmp_path).keep(ADDRESS, Bond(ONE))
    async with asyncio.timeout(PATIENCE_S):
        await waiting


async def test_a_band_that_pairs_in_the_old_way_is_not_read(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r:
        device = r.band.gatt.device
        old = PairingConfig(sc=False, mitm=False)
        device.smp_session_proxy = smp.Session
        device.pairing_config_factory = lambda _connection: old
        async with linked(r.radio) as link:
            await soon(lambda: link.link.state.faults["failed"] >= 2)
            assert link.link.state.trouble == (
                "band1: it pairs in a way that who listens can undo."
            )
            assert in_file(tmp_path).get(ADDRESS) is None
            assert not link.arrivals


# -- power lost while pairing


async def test_a_band_killed_before_it_kept_its_key_is_paired_again(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r:
        in_file(tmp_path).keep(ADDRESS, Bond(bytes(16)))
        async with linked(r.radio) as link:
            await link.take_frames(3)
            assert link.link.state.faults["bond_lost"] == 0


async def test_a_tracker_killed_before_it_kept_its_key_pairs_again(tmp_path: Path) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r:
        r.band.gatt.bonds.paired(BandsBond(in_file(tmp_path).address, bytes(range(16))))
        async with linked(r.radio) as link:
            await link.take_frames(3)


async def test_the_key_is_on_disk_before_the_band_is_asked_for_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    keep = Bonds.keep

    def kept(self: Bonds, band: str, bond: Bond) -> None:
        keep(self, band, bond)
        order.append(f"kept, {'proven' if bond.proven else 'new'}")

    monkeypatch.setattr(Bonds, "keep", kept)
    firmware = still_firmware()
    fill(firmware, 3)
    async with rig(tmp_path, firmware) as r:
        r.band.gatt.on_asked = lambda: order.append("asked")
        async with linked(r.radio) as link:
            await link.take_frames(3)
            await soon(lambda: len(order) == 3)
    assert order == ["kept, new", "asked", "kept, proven"]


async def test_a_key_that_cannot_be_kept_is_told_and_nothing_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firmware = still_firmware()
    fill(firmware, 3)
    file = tmp_path / "bonds"
    async with rig(tmp_path, firmware) as r:
        assert in_file(tmp_path).address
        with monkeypatch.context() as broken:
            broken.setattr("tracker.bands.bonds.os.fsync", no_room)
            async with linked(r.radio) as link:
                await soon(lambda: link.link.state.faults["keys"] >= 1)
                assert link.link.state.trouble == (
                    f"band1: the keys of the bands, {file}, cannot be used: "
                    "No space left on device."
                )
                assert r.band.gatt.bonds.bonded.owner is None
        async with linked(r.radio) as link:
            await link.take_frames(3)


def no_room(_fd: int) -> None:
    raise OSError(28, os.strerror(28))


# -- the file


def test_the_file_is_private_and_keeps_who_this_computer_is(tmp_path: Path) -> None:
    file = tmp_path / "new" / "history.db.bonds"
    address = Bonds(file).address
    Bonds(file).keep("f0:f1:f2:f3:f4:01", Bond(bytes(range(16))))
    assert Bonds(file).address == address
    assert int(address[:2], 16) >= 0xC0
    assert Bonds(file).get(ADDRESS) == Bond(bytes(range(16)))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert sorted(file.parent.iterdir()) == [file]
    assert json.loads(file.read_text())["version"] == 1


def test_another_process_sees_a_change_at_once_and_neither_undoes_the_others(
    tmp_path: Path,
) -> None:
    one, two = in_file(tmp_path), in_file(tmp_path)
    one.keep("F0:00:00:00:00:01", Bond(ONE))
    two.keep("F0:00:00:00:00:02", Bond(TWO))
    one.prove("F0:00:00:00:00:01")
    two.forget("F0:00:00:00:00:02")
    assert two.get("F0:00:00:00:00:01") == Bond(ONE, proven=True)
    assert one.get("F0:00:00:00:00:02") is None


KNOWN = '{"version": 1, "address": "C0:00:00:00:00:01", "bonds": {"F0:F1:F2:F3:F4:01": %s}}'
SHORT_KEY = KNOWN % '{"ltk": "AQ=="}'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "does not hold the keys of bands"),
        ('{"version": 1, "address": "\udcff"}', "does not hold the keys of bands"),
        ('{"version": 1}', "does not hold the keys of bands"),
        ('{"version": 1, "address": "C0:00"}', "does not hold the keys of bands"),
        (SHORT_KEY, "does not hold the keys of bands"),
        ('{"a":' + "[" * 2000, "does not hold the keys of bands"),
        ('{"version": 2, "address": "C0:00:00:00:00:01"}', "is of version 2"),
    ],
)
def test_a_file_that_is_no_use_is_told_and_left(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "bonds").write_text(text, "utf-8", "surrogateescape")
    with pytest.raises(BondsError, match=says):
        in_file(tmp_path).get(ADDRESS)
    with pytest.raises(BondsError, match=says):
        in_file(tmp_path).keep(ADDRESS, Bond(ONE))
    assert (tmp_path / "bonds").read_text("utf-8", "surrogateescape") == text


def test_what_a_killed_process_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    in_file(tmp_path).keep(ADDRESS, Bond(ONE))
    (tmp_path / "bonds.new").write_text('{"version')
    assert in_file(tmp_path).get(ADDRESS) == Bond(ONE)
    in_file(tmp_path).keep(ADDRESS, Bond(TWO))
    assert in_file(tmp_path).get(ADDRESS) == Bond(TWO)


def test_two_names_of_a_history_have_one_file(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "history.db")
    assert bonds_beside(tmp_path / "link.db") == tmp_path / "history.db.bonds"


async def test_without_a_file_a_bond_lasts_as_long_as_the_radio() -> None:
    radio = open_radio("unix:/nowhere")
    assert isinstance(radio, BumbleRadio)
    bonds = Bonds(None)
    bonds.keep(ADDRESS, Bond(ONE))
    assert bonds.get(ADDRESS) == Bond(ONE)
    assert bonds.address == bonds.address
