"""Many bands, and many days."""

from __future__ import annotations

from pathlib import Path

from tests.faults.crowd import many_bands
from tests.faults.home import Play
from tests.faults.month import live_for_days


async def test_six_bands_at_once_are_each_as_if_alone(tmp_path: Path) -> None:
    report = await many_bands(tmp_path, Play(total_s=160.0, speed=20.0, bands=6))
    assert report.passed, report


async def test_a_session_a_day_leaves_no_task_and_no_file_behind(tmp_path: Path) -> None:
    report = await live_for_days(tmp_path, Play(total_s=120.0, speed=100.0), days=3)
    assert report.passed, report
