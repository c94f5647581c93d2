"""A band out of range, beyond its ring, in bad air and on a narrow link, with the daemon behind."""

from __future__ import annotations

from pathlib import Path

from tests.faults.air import (
    live_in_bad_air,
    meet_a_narrow_band,
    walk_away,
    walk_too_far,
)
from tests.faults.home import Play

QUICK = Play(total_s=160.0, speed=30.0)
LONGER = Play(total_s=300.0, speed=30.0)


async def test_out_of_range_in_a_hold_and_between_them_costs_nothing(tmp_path: Path) -> None:
    report = await walk_away(tmp_path, QUICK, [20.0, 20.0])
    assert report.passed, report


async def test_away_for_longer_than_the_ring_is_one_gap_with_its_bounds(tmp_path: Path) -> None:
    report = await walk_too_far(tmp_path, QUICK, ring_frames=40, seed=1)
    assert report.passed, report


async def test_bad_air_makes_no_events_and_ends_without_a_trace(tmp_path: Path) -> None:
    kinds = ("all of these", "half open", "slow", "connects refused")
    report = await live_in_bad_air(tmp_path, LONGER, kinds, fault_s=1.0)
    assert report.passed, report


async def test_a_link_too_narrow_is_said_and_a_wider_one_is_used_at_once(tmp_path: Path) -> None:
    report = await meet_a_narrow_band(tmp_path, QUICK)
    assert report.passed, report
