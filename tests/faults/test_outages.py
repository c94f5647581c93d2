"""A broker in every kind of trouble while a session goes on."""

from __future__ import annotations

from pathlib import Path

from tests.faults.home import Play
from tests.faults.outages import break_brokers

# Stopped and killed ones are in tests/mqtt; one after the other each has a longer wait before it.
KINDS = ("frozen", "emptied", "slow", "refusing")


async def test_whatever_the_broker_does_the_house_hears_every_event_in_order(
    tmp_path: Path,
) -> None:
    report = await break_brokers(
        tmp_path, Play(total_s=300.0, speed=30.0), KINDS, fault_s=1.0, pause_s=0.2
    )
    assert report.passed, report
