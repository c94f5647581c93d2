"""The wall clock is set forth and back, and the band's clock drifts: are the times right?"""

from __future__ import annotations

import json
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from tests.faults.clocked import WallClock
from tests.faults.home import Home, Play, home
from tests.faults.report import Report
from tests.faults.undisturbed import NOON, stored

RIGHT_S = 0.05
AS_SET_S = 1.0  # an event so near to a setting may belong before or after it


async def set_clocks(
    folder: Path, play: Play, steps_s: Sequence[float], drift_ppm: float
) -> Report:
    """Steps of the wall clock, evenly over the session; the true time of each event is known.

    The band runs on the machine's clock and the wall clock runs faster by the drift, which is the
    same as a band that runs slow by it.
    """
    clock = WallClock(folder / "clock", NOON, play.speed * (1 + drift_ppm * 1e-6))
    command = ("-m", "tests.faults.clocked", str(clock.path))
    settings = [(0.0, 0.0)]
    async with home(folder, play) as h, h.daemon(command=command) as running:
        await h.until_stored(1)
        began_s = await _band_began_s(h)
        for number, step_s in enumerate(steps_s, 1):
            await h.at(play.total_s * number / (len(steps_s) + 1))
            clock.step(step_s)
            settings.append((await h.now_s(), clock.set_s))
        await h.until_over()
        assert await running.end() == 0, running.said
        off_s = []
        for text in stored(h.db):
            event = json.loads(text)
            t_s = event["t_s"]
            if min(abs(t_s - moment_s) for moment_s, _ in settings[1:]) < AS_SET_S:
                continue
            _, set_s = settings[bisect_right(settings, t_s, key=lambda one: one[0]) - 1]
            true_s = clock.at(began_s + t_s / play.speed) + set_s
            off_s.append(datetime.fromisoformat(event["at"]).timestamp() - true_s)
        negative = _negative_intervals(h.db)
        right = sum(abs(one) <= RIGHT_S for one in off_s)
        return Report(
            "clock set in a session",
            tried=len(off_s),
            survived=right if not negative else 0,
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={
                "steps": ", ".join(f"{step_s:+g} s" for step_s in steps_s),
                "drift": f"{drift_ppm:g} ppm",
                "events dated right to 50 ms": f"{right} / {len(off_s)}",
                "most wrong": f"{1000 * max(map(abs, off_s)):.0f} ms",
                "negative intervals": str(negative),
            },
        )


async def _band_began_s(h: Home) -> float:
    """When the band's clock showed 0, on the monotonic clock; right to half of the best answer."""
    best_s, began_s = float("inf"), 0.0
    for _ in range(20):
        before_s = time.monotonic()
        shown_s = await h.now_s()
        took_s = time.monotonic() - before_s
        if took_s < best_s:
            best_s, began_s = took_s, before_s + took_s / 2 - shown_s / h.play.speed
    return began_s


def _negative_intervals(db: Path) -> int:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return sum(
            connection.execute(
                f"SELECT count(*) FROM {table} WHERE ended_at < started_at OR end_s < start_s"  # noqa: S608 - the two below
            ).fetchone()[0]
            for table in ("holds", "sessions")
        )
