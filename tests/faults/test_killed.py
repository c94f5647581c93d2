"""Killed at any moment, also inside a transaction: the event log is that of an undisturbed run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.faults.home import Play
from tests.faults.kills import kill_daemons
from tests.faults.undisturbed import Tally, faults_of, stored, undisturbed

ROOT = Path(__file__).parents[2]


def test_fifty_kills_inside_transactions_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killed", str(path), "3", "300", "50", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"kills": 50, "status": 0}, done.stderr
    assert faults_of(path) == []
    tally = Tally()
    tally.count(stored(path), undisturbed(3, 300.0))
    assert tally.whole, tally
    assert tally.doubled == 0
    assert tally.expected == tally.found > 40


async def test_a_daemon_killed_at_random_moments_goes_on_as_if_nothing_was(tmp_path: Path) -> None:
    report = await kill_daemons(
        tmp_path, Play(total_s=160.0, speed=15.0), moments=2, statements=2, seed=5
    )
    assert report.passed, report
