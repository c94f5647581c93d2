"""Who becomes the band's owner, and what outlives its power."""

from __future__ import annotations

import stat
from pathlib import Path

from firmware_sim.band import make_bonds
from firmware_sim.bonds import PAIRABLE_S, Bond, Bonded, Bonds
from firmware_sim.flash import Flash

FIRST = Bond("F0:00:00:00:00:01", bytes(range(16)), bytes(range(16, 32)))
SECOND = Bond("02:00:00:00:00:02/P", bytes(16))


def owned() -> Bonds:
    bonds = Bonds()
    bonds.paired(FIRST)
    bonds.used(FIRST.peer)
    return bonds


def test_a_new_band_lets_anyone_pair_until_one_has_asked_for_frames() -> None:
    bonds = Bonds()
    assert bonds.may_pair(0.0)
    bonds.paired(FIRST)
    assert bonds.may_pair(0.0)
    bonds.used(FIRST.peer)
    assert not bonds.may_pair(0.0)
    assert bonds.bonded == Bonded(owner=FIRST)


def test_who_lost_the_key_before_using_it_is_replaced() -> None:
    bonds = Bonds()
    bonds.paired(FIRST)
    bonds.paired(SECOND)
    bonds.used(FIRST.peer)  # its key is no more: whoever says so is somebody else
    assert bonds.bonded == Bonded(candidate=SECOND)
    assert bonds.bond_of(FIRST.peer) is None


def test_the_button_lets_another_pair_for_a_minute() -> None:
    bonds = owned()
    bonds.press(100.0)
    assert bonds.may_pair(100.0)
    assert bonds.may_pair(100.0 + PAIRABLE_S)
    assert not bonds.may_pair(100.1 + PAIRABLE_S)


def test_the_owner_stays_until_the_other_has_asked_for_frames() -> None:
    bonds = owned()
    bonds.press(0.0)
    bonds.paired(SECOND)
    assert (bonds.bond_of(FIRST.peer), bonds.bond_of(SECOND.peer)) == (FIRST, SECOND)
    bonds.used(SECOND.peer)
    assert bonds.bonded == Bonded(owner=SECOND)


def test_one_press_makes_one_owner() -> None:
    bonds = owned()
    bonds.press(0.0)
    bonds.paired(SECOND)
    bonds.used(SECOND.peer)
    assert not bonds.may_pair(1.0)


def test_an_owner_that_pairs_anew_is_known_by_the_new_key() -> None:
    bonds, fresh = owned(), Bond(FIRST.peer, bytes(16))
    bonds.press(0.0)
    bonds.paired(fresh)
    assert bonds.bond_of(FIRST.peer) == fresh


def opened(path: Path, capacity: int = 4) -> Flash:
    return Flash(path, capacity)


def test_bonds_outlive_the_power_and_are_for_the_owner_of_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "flash"
    flash = opened(path)
    bonds = make_bonds(flash)
    bonds.paired(FIRST)
    flash.close()
    flash = opened(path)
    bonds = make_bonds(flash)
    assert bonds.bonded == Bonded(candidate=FIRST)
    bonds.used(FIRST.peer)
    bonds.press(0.0)
    bonds.paired(SECOND)
    flash.close()
    flash = opened(path)
    assert make_bonds(flash).bonded == Bonded(FIRST, SECOND)
    assert not make_bonds(flash).may_pair(1.0), "the button was pressed before the power went"
    flash.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_bonds_stay_when_the_file_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "flash"
    flash = opened(path)
    make_bonds(flash).paired(FIRST)
    flash.rewrite([])
    flash.close()
    flash = opened(path)
    assert flash.bonded == Bonded(candidate=FIRST)
    flash.close()


def test_a_flash_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "flash"
    opened(path).close()
    path.chmod(0o644)
    opened(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_bond_is_as_if_it_had_not_been_made(tmp_path: Path) -> None:
    path = tmp_path / "flash"
    flash = opened(path)
    bonds = make_bonds(flash)
    bonds.paired(FIRST)
    whole = path.stat().st_size
    bonds.used(FIRST.peer)
    flash.close()
    for size in range(whole, path.stat().st_size):
        torn = tmp_path / f"torn{size}"
        torn.write_bytes(path.read_bytes()[:size])
        flash = opened(torn)
        assert flash.bonded == Bonded(candidate=FIRST)
        flash.close()
