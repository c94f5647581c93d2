"""A session a day for weeks, in one life of the daemon: does it stay as small as it was?"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.daemon.parts import Part
from tests.faults.air import frames_of
from tests.faults.clocked import WallClock
from tests.faults.crowd import Use, use_of
from tests.faults.home import LONG_S, Home, Play, eventually, home
from tests.faults.report import Report
from tests.faults.undisturbed import BAND, NOON, SETTINGS, Tally, fact, stored
from tracker.bands.stretchband import Frame
from tracker.detect.events import to_json
from tracker.detect.samples import BAND_AXES, Block
from tracker.detect.session import Session

SLEEP_S = 86_000.0
SETTLED_DAY = 2  # from here on memory has to be flat
MOST_GROWTH_MB = 2.0
WEEK = 4

LOOKS = 5


@dataclass(frozen=True)
class Day:
    """How the daemon stood at the end of a day."""

    use: Use
    tasks: int
    database_bytes: int


async def live_for_days(folder: Path, play: Play, days: int) -> Report:
    """Each day has a session of its own; the band sleeps in between, and the wall clock with it."""
    clock = WallClock(folder / "clock", NOON, play.speed)
    command = ("-m", "tests.faults.clocked", str(clock.path))
    stood: list[Day] = []
    async with home(folder, play) as h, h.daemon(command=command) as running:
        for day in range(1, days + 1):
            if day > 1:
                clock.sleep(SLEEP_S)
                await h.band.say(sleep_s=SLEEP_S, seed=play.seed + day, total_s=play.total_s)
            made = int((await h.band.told("ended", day, LONG_S))["frames"])
            await h.until_stored(made)
            await eventually(lambda n=day: sessions_ended(h.db) >= n)  # type: ignore[misc]
            stood.append(await _stands(h, running, clock))
        assert await running.end() == 0, running.said
        tally = Tally()
        tally.count(stored(h.db), facts_of_days(frames_of(h.db)))
        return _report(stood, tally, made - len(frames_of(h.db)), h)


def _report(stood: Sequence[Day], tally: Tally, lost: int, h: Home) -> Report:
    first, last = stood[min(SETTLED_DAY, len(stood)) - 1], stood[-1]
    growth_mb = last.use.memory_mb - first.use.memory_mb
    days = len(stood) - min(SETTLED_DAY, len(stood))
    flat = (
        growth_mb <= MOST_GROWTH_MB
        and last.use.threads <= first.use.threads
        and last.use.files <= first.use.files
        and last.tasks <= first.tasks
    )
    a_day = (last.database_bytes - first.database_bytes) / max(days, 1)
    return Report(
        f"{len(stood)} days",
        tried=len(stood),
        survived=len(stood) if flat and not lost else 0,
        log=tally,
        facts={
            "a day": f"a session of {h.play.total_s:.0f} s",
            "memory on day 2": f"{first.use.memory_mb:.1f} MB",
            "then": ", ".join(
                f"{one.use.memory_mb:.1f}" for one in stood[SETTLED_DAY::WEEK] or [last]
            ),
            "on the last": f"{last.use.memory_mb:.1f} MB",
            "database a day": f"{a_day / 1000:.0f} kB",
            "tasks": f"{first.tasks}, then {last.tasks}",
            "files": f"{first.use.files}, then {last.use.files}",
            "threads": f"{first.use.threads}, then {last.use.threads}",
            "frames lost": str(lost),
        },
    )


async def _stands(h: Home, running: Part, clock: WallClock) -> Day:
    # A task of a moment is no leak: one that is left behind is there at every look.
    tasks = min([await _tasks(running, clock) for _ in range(LOOKS)])
    return Day(use_of(running.process.pid), tasks, h.db.stat().st_size)


async def _tasks(running: Part, clock: WallClock) -> int:
    running.send(signal.SIGUSR1)
    async with asyncio.timeout(LONG_S):
        while (tasks := clock.tasks_told()) is None:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
    return tasks


def sessions_ended(db: Path) -> int:
    """How many are over in the log."""
    return sum(json.loads(text)["event"] == "session_ended" for text in stored(db))


def facts_of_days(frames: Sequence[Frame]) -> list[str]:
    """What the detector says of each day by itself: what is between two sleeps."""
    events, session, last_s = [], Session(BAND, 1, SETTINGS), 0.0
    for frame in frames:
        t_s = frame.t_first_ms / 1000 + frame.offsets_s
        if t_s[0] - last_s > SLEEP_S / 2:
            events += session.close()
            session = Session(BAND, 1, SETTINGS)
        events += session.receive(Block(t_s, BAND_AXES.apply(frame.acc_g)))
        last_s = float(t_s[-1])
    return [fact(to_json(event)) for event in [*events, *session.close()]]
