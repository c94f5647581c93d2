"""Many bands at once, and one alone: what they cost, how soon the house hears, what is lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.faults.home import LONG_S, Home, Play, home
from tests.faults.report import Report

LEAST_LATENCIES = 20


@dataclass(frozen=True)
class Use:
    """What a process had used at a moment: seconds of processor, and now MB, threads, files."""

    at_s: float
    processor_s: float
    memory_mb: float
    threads: int
    files: int


def use_of(pid: int) -> Use:
    """From Linux's /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Use(
        time.monotonic(),
        ticks / os.sysconf("SC_CLK_TCK"),
        int(status["VmRSS"].split()[0]) / 1024,
        int(status["Threads"]),
        len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 - a count is all that is wanted
    )


def processor_percent(begin: Use, end: Use) -> float:
    """Of one core, between the two."""
    return 100 * (end.processor_s - begin.processor_s) / (end.at_s - begin.at_s)


async def many_bands(folder: Path, play: Play) -> Report:
    """They all play at once, to the end; nothing may be lost of any."""
    async with home(folder, play) as h, h.daemon() as running:
        begin = use_of(running.process.pid)
        await h.until_over(LONG_S + play.total_s / play.speed)
        end = use_of(running.process.pid)
        frames = await h.frames_made()
        lost = frames - h.frames_stored()
        assert await running.end() == 0, running.said
        return Report(
            f"{play.bands} bands at once",
            tried=play.bands,
            survived=play.bands if lost == 0 else 0,
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={
                "for": f"{play.total_s / 60:.0f} min at {play.speed:g} times real time",
                "frames": f"{frames}, {lost} lost",
                "memory": f"{end.memory_mb:.0f} MB",
                "processor": f"{processor_percent(begin, end):.1f} % of a core",
            },
        )


async def cost_in_real_time(folder: Path, bands: int, seconds: float) -> Report:
    """Processor, memory and latency with bands that are stretched in, at 50 Hz and speed 1."""
    play = Play(total_s=160.0, speed=1.0, bands=bands)
    async with home(folder, play) as h, h.daemon() as running:
        await h.until_stored(2 * bands)
        await h.at(20.0)  # connected, and in the first straightenings
        begin = use_of(running.process.pid)
        await asyncio.sleep(seconds)
        end = use_of(running.process.pid)
        lag = await h.frames_made() - h.frames_stored()
        latencies_ms = frame_to_puback_ms(h)
        assert await running.end() == 0, running.said
    facts = {
        "over": f"{seconds:.0f} s at 50 Hz",
        "processor": f"{processor_percent(begin, end):.2f} % of a core",
        "memory": f"{end.memory_mb:.0f} MB",
        "threads": str(end.threads),
    }
    if len(latencies_ms) >= LEAST_LATENCIES:
        cuts = statistics.quantiles(latencies_ms, n=100)
        facts["frame to PUBACK"] = (
            f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, most {max(latencies_ms):.1f} ms "
            f"of {len(latencies_ms)} events"
        )
    return Report(
        f"cost of {bands} in real time", bands, bands if lag <= 2 * bands else 0, facts=facts
    )


def frame_to_puback_ms(h: Home) -> list[float]:
    """From the arrival of the frame that made an event sure to the broker's PUBACK, each event.

    That frame is the first whose last sample is not before the event's time. The daemon's clock and
    the door's are the same machine's.
    """
    with closing(sqlite3.connect(f"file:{h.db}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT event_id, (SELECT received_s FROM frames AS f WHERE f.band_id = e.band_id"
            " AND f.t_first_s <= e.t_s ORDER BY f.t_first_s DESC LIMIT 1) FROM events AS e"
        ).fetchall()
    acknowledged = h.door.acknowledged_s
    return [
        1000 * (acknowledged[event_id] - received_s)
        for event_id, received_s in rows
        if event_id in acknowledged and received_s is not None
    ]
