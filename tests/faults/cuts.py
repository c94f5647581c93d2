"""Power cuts while the whole daemon writes: each copy of the history goes on to the same log."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults import power_cut
from tests.faults.home import Play, home
from tests.faults.report import Report
from tests.faults.undisturbed import Tally, faults_of, played, resume, stored


async def cut_the_power(folder: Path, play: Play, cuts: int, seed: int) -> Report:
    """So many cuts at random moments of the session; in half of them unwritten pages are lost."""
    dice = random.Random(seed)
    moments_s = sorted(dice.uniform(0.0, play.total_s) for _ in range(cuts))
    copies: list[Path] = []
    async with home(folder, play) as h, h.daemon() as running:
        await h.until_stored(1)
        for number, moment_s in enumerate(moments_s):
            await h.at(moment_s)
            copies.append(power_cut.cut(running.process.pid, h.db, folder / f"cut {number}"))
        await h.soon_over()
        assert await running.end() == 0, running.said
        survived, torn, tally = 0, 0, h.tally_of_log()
        for number, copy in enumerate(copies):
            torn += number % 2 == 1 and power_cut.lose_unsynced(copy, dice) > 0
            power_cut.forget_memory(copy)
            clean = faults_of(copy) == []
            resume(copy, played(play.seed, play.total_s))
            one = Tally()
            one.count(stored(copy), play.facts())
            survived += clean and faults_of(copy) == [] and one.whole and not one.doubled
        return Report(
            "power cut",
            tried=cuts,
            survived=survived,
            log=tally,
            heard=h.tally_of_house(),
            facts={"with unwritten pages lost": str(torn)},
        )
