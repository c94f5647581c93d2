"""A band that is started anew in a hold, with the daemon behind it."""

from __future__ import annotations

from pathlib import Path

from tests.faults.home import Play
from tests.faults.reboot import pull_the_battery


async def test_a_band_that_reboots_in_a_hold_loses_nothing_before_or_after(tmp_path: Path) -> None:
    report = await pull_the_battery(tmp_path, Play(total_s=160.0, speed=20.0))
    assert report.passed, report
