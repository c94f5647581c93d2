"""A band out of range, away for longer than its ring, on bad air, or on a narrow link."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from tests.daemon.parts import BAND
from tests.faults.home import LONG_S, Play, empty_home, eventually, home
from tests.faults.report import Report
from tests.faults.undisturbed import (
    SETTINGS,
    Tally,
    end_s,
    fact,
    played,
    stored,
)
from tracker.bands.stretchband import Frame, decode_frame
from tracker.detect.events import to_json
from tracker.detect.samples import BAND_AXES, Block
from tracker.detect.session import Session

WEATHER: Final[dict[str, dict[str, object]]] = {
    "notifications lost": {"weather": {"lose": 0.2}},
    "doubled": {"weather": {"double": 0.5}},
    "spoiled": {"weather": {"spoil": 0.2}},
    "garbage": {"weather": {"garbage": 0.5}},
    "all of these": {"weather": {"lose": 0.1, "double": 0.1, "spoil": 0.1, "garbage": 0.1}},
    "half open": {"weather": {"lose": 1.0}},
    "slow": {"interval_s": 0.1, "packets_per_interval": 1},
    "late": {"latency_s": 0.4},
    "connects refused": {"refuse": True, "drop_links": True},
    "links dropped": {"drop_links": True},
}
FAIR: Final[dict[str, object]] = {
    "weather": {}, "interval_s": 0.0, "packets_per_interval": 0, "latency_s": 0.0, "refuse": False,
}  # fmt: skip


@dataclass(frozen=True)
class Away:
    """An outage: from when on the band's clock, for how long in its seconds."""

    from_s: float
    for_s: float


def in_and_between_holds(play: Play, lengths_s: Sequence[float]) -> list[Away]:
    """Outages one after the other, by turns beginning in the middle of a hold and in a rest."""
    away: list[Away] = []
    free_s, in_a_hold = 0.0, True
    holds = played(play.seed, play.total_s).truth.holds
    for for_s in lengths_s:
        after = [hold for hold in holds if hold.start_s > free_s]
        assert after, "the session is too short for these outages"
        hold = after[0]
        from_s = hold.start_s + hold.duration_s / 2 if in_a_hold else hold.end_s + 1.0
        away.append(Away(from_s, for_s))
        free_s, in_a_hold = from_s + for_s + 30.0, not in_a_hold
    return away


async def walk_away(folder: Path, play: Play, lengths_s: Sequence[float]) -> Report:
    """The air is silent for so long each time; the ring keeps all of it."""
    survived, slowest_s, spanned = 0, 0.0, 0
    holds = played(play.seed, play.total_s).truth.holds
    async with home(folder, play) as h, h.daemon() as running:
        for away in in_and_between_holds(play, lengths_s):
            from_s = await h.at(away.from_s)
            await h.band.say(silent=True)
            to_s = await h.at(from_s + away.for_s)
            made = int((await h.band.say(silent=False))["frames"])
            slowest_s = max(slowest_s, await h.until_stored(made))
            survived += running.process.returncode is None
            spanned += sum(from_s < hold.end_s and hold.start_s < to_s for hold in holds)
        await h.soon_over()
        assert await running.end() == 0, running.said
        return Report(
            "band out of range",
            tried=len(lengths_s),
            survived=survived,
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={
                "for": ", ".join(f"{length_s:g} s" for length_s in lengths_s),
                "holds touched": str(spanned),
                "read on within": f"{slowest_s:.1f} s",
            },
        )


async def walk_too_far(folder: Path, play: Play, ring_frames: int, seed: int) -> Report:
    """Away for twice what the ring holds, from the middle of a hold that is chosen by the seed."""
    holds = played(play.seed, play.total_s).truth.holds
    hold = random.Random(seed).choice(holds[: len(holds) // 2])
    async with home(folder, play, "--ring-frames", str(ring_frames)) as h, h.daemon() as running:
        from_s = await h.at((hold.start_s + hold.end_s) / 2)
        await h.band.say(silent=True)
        await h.at(from_s + ring_frames)  # a frame is half a second
        made = int((await h.band.say(silent=False))["frames"])
        await eventually(lambda: newest_seq(h.db) >= made - 1)
        await h.band.told("ended", wait_s=LONG_S)
        await h.house.until(lambda: any("session_ended" in text for text in h.heard()), LONG_S)
        assert await running.end() == 0, running.said
        log = stored(h.db)
        faults = wrong_gaps(h.db, log)
        tally = Tally()
        tally.count(log, [fact(to_json(event)) for event in folded(frames_of(h.db))])
        return Report(
            "ring overrun",
            tried=1,
            survived=int(not faults),
            log=tally,
            facts={"faults": ", ".join(faults) or "none", "frames lost": str(missing(h.db))},
        )


def frames_of(db: Path) -> list[Frame]:
    """What is stored of the band, in order."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT data FROM frames ORDER BY id")
        return [decode_frame(data) for (data,) in rows]


def newest_seq(db: Path) -> int:
    """The number of the last frame stored; -1 before the first."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        (seq,) = connection.execute("SELECT coalesce(max(seq), -1) FROM frames").fetchone()
    return int(seq)


def missing(db: Path) -> int:
    """Frames that were never stored."""
    frames = frames_of(db)
    return frames[-1].seq + 1 - len(frames)


def folded(frames: Sequence[Frame]) -> list[Any]:
    """What the detector says of exactly these frames, to the band's sleep."""
    session = Session(BAND, 1, SETTINGS)
    events = []
    for frame in frames:
        t_s = frame.t_first_ms / 1000 + frame.offsets_s
        events += session.receive(Block(t_s, BAND_AXES.apply(frame.acc_g)))
    return [*events, *session.close()]


def wrong_gaps(db: Path, log: Sequence[str]) -> list[str]:
    """What is wrong: not one gap event for each hole with its bounds, or a hold across a hole."""
    frames = frames_of(db)
    holes = [
        (round(end_s(a) - a.step / 16000, 3), round(b.t_first_ms / 1000, 3))
        for a, b in pairwise(frames)
        if b.seq != a.seq + 1
    ]
    events = [json.loads(text) for text in log]
    gaps = [(e["from_s"], e["to_s"]) for e in events if e["event"] == "gap"]
    faults = [] if gaps == holes else [f"gaps {gaps}, holes {holes}"]
    if not holes:
        faults.append("the ring was not overrun")
    faults += [
        f"hold {event['hold_id']} goes across {gap}"
        for event in events
        if event["event"] == "hold_ended"
        for gap in holes
        if event["start_s"] < gap[0] and event["end_s"] > gap[0] + 0.01
    ]
    return faults


async def live_in_bad_air(folder: Path, play: Play, kinds: Sequence[str], fault_s: float) -> Report:
    """One kind of bad air after the other, fair air between; the same events come of it."""
    survived = 0
    recovered: dict[str, float] = {}
    async with home(folder, play) as h, h.daemon() as running:
        await h.until_stored(1)
        for seed, kind in enumerate(kinds):
            await h.band.say(seed=seed, **WEATHER[kind])
            await asyncio.sleep(fault_s)
            made = int((await h.band.say(**FAIR))["frames"])
            recovered[kind] = await h.until_stored(made)
            survived += running.process.returncode is None
        await h.soon_over()
        assert await running.end() == 0, running.said
        return Report(
            "bad air",
            tried=len(kinds),
            survived=survived,
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={
                "each for": f"{fault_s:g} s",
                **{f"after {kind}": f"{took_s:.1f} s" for kind, took_s in recovered.items()},
            },
        )


async def meet_a_narrow_band(folder: Path, play: Play) -> Report:
    """An MTU of 23 carries no frame: the daemon says so and goes on as soon as there is more."""
    async with (
        empty_home(folder, play) as h,
        h.band_on_air("--mtu", "23") as narrow,
        h.daemon() as running,
    ):
        await eventually(lambda: "needs packets of 247 bytes" in running.said, LONG_S)
        assert h.frames_stored() == 0
        await narrow.end(signal.SIGKILL)
        async with h.band_on_air():
            await h.soon_over()
            assert await running.end() == 0, running.said
        return Report(
            "MTU 23",
            tried=1,
            survived=int(running.process.returncode == 0),
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
        )
