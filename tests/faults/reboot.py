"""A band whose battery is pulled in a hold: what it was doing, and what it does after."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.air import frames_of
from tests.faults.clocked import WallClock
from tests.faults.home import LONG_S, Home, Play, empty_home
from tests.faults.report import Report
from tests.faults.undisturbed import NOON, end_s, fact, played, stored


async def pull_the_battery(folder: Path, play: Play) -> Report:
    """Killed in its first hold and started again: a new boot with the ring of the old one.

    What it plays after is the same session from the start, under the new boot's name.
    """
    hold = played(play.seed, play.total_s).truth.holds[0]
    flash = ("--flash", str(folder / "flash"))
    clock = WallClock(folder / "clock", NOON, play.speed)
    command = ("-m", "tests.faults.clocked", str(clock.path))
    async with empty_home(folder, play) as h:
        async with h.band_on_air(*flash) as first, h.daemon(command=command) as running:
            await h.stand_at(hold.start_s + 0.8 * hold.duration_s)
            await first.end(signal.SIGKILL)
            async with h.band_on_air(*flash) as second:
                made = int((await second.told("ended", wait_s=LONG_S))["frames"])
                await h.until_stored(boot_frames(h.db, 1) + made)
                await h.house.until(lambda: "session_ended" in "".join(h.heard()[-2:]), LONG_S)
                assert await running.end() == 0, running.said
        faults = wrong_after_a_reboot(h)
        return Report(
            "band rebooted in a hold",
            tried=1,
            survived=int(not faults),
            facts={"faults": ", ".join(faults) or "none", "frames": str(h.frames_stored())},
        )


def boot_frames(db: Path, boot_id: int) -> int:
    """How many frames of a boot are stored."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM frames WHERE boot_id = ?", (boot_id,)
        ).fetchone()
    return int(count)


def wrong_after_a_reboot(h: Home) -> list[str]:
    """What is not as it should be: the cut hold, the holds of the new boot, order and doubles."""
    faults = []
    log = [json.loads(text) for text in stored(h.db)]
    ends = [event for event in log if event["event"] == "hold_ended"]
    last = [frame for frame in frames_of(h.db) if frame.boot_id == 1][-1]
    cut = [event for event in ends if event["reason"] == "reboot"]
    if [event["end_s"] for event in cut] != [round(end_s(last) - last.step / 16000, 3)]:
        faults.append(f"the hold that was cut: {cut}")
    wanted = [json.loads(text) for text in h.play.facts()]
    same = ("stretch", "side", "start_s", "end_s", "breaths", "reason")
    after = [[event[key] for key in same] for event in ends if "-0002-" in event["event_id"]]
    if after != [[e[key] for key in same] for e in wanted if e["event"] == "hold_ended"]:
        faults.append(f"the holds of the new boot: {after}")
    if list(dict.fromkeys(map(fact, h.heard()))) != [fact(text) for text in stored(h.db)]:
        faults.append("the house heard something else")
    ats = [event["at"] for event in ends]
    if ats != sorted(ats):
        faults.append("the times of the two boots are not in order")
    return faults
