"""Bluetooth, storage and MQTT do not wait for each other."""

from __future__ import annotations

from pathlib import Path

from tests.faults.home import Play
from tests.faults.independence import freeze_the_band, freeze_the_broker

PLAY = Play(total_s=120.0, speed=15.0)


async def test_a_frozen_broker_does_not_delay_a_frame(tmp_path: Path) -> None:
    report = await freeze_the_broker(tmp_path, PLAY)
    assert report.passed, report


async def test_a_dead_band_does_not_delay_a_heartbeat(tmp_path: Path) -> None:
    report = await freeze_the_band(tmp_path, PLAY, beats=1)
    assert report.passed, report
