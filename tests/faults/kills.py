"""The daemon killed at random moments of a session, and inside transactions: what is left?"""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

from tests.faults.home import LONG_S, Home, Play, eventually, home
from tests.faults.report import Report
from tests.faults.undisturbed import faults_of

MOST_STATEMENTS = 120


async def kill_daemons(
    folder: Path, play: Play, moments: int, statements: int, seed: int
) -> Report:
    """Kill it at so many random moments, and at so many statements of its transactions.

    Half of the moments are while it starts or reads on, half while it is connected and live.
    """
    dice = random.Random(seed)
    ways = ["moment"] * moments + ["statement"] * statements
    dice.shuffle(ways)
    died = 0
    async with home(folder, play) as h:
        for way in ways:
            died += await (_die_at_a_moment if way == "moment" else _die_at_a_statement)(h, dice)
        async with h.daemon() as last:
            await h.soon_over()
            assert await last.end() == 0, last.said
        log, heard = h.tally_of_log(), h.tally_of_house()
        return Report(
            "daemon killed",
            tried=len(ways),
            survived=died if not faults_of(h.db) else 0,
            log=log,
            heard=heard,
            facts={"inside a transaction": str(statements), "session": f"{play.total_s:.0f} s"},
        )


async def _die_at_a_moment(h: Home, dice: random.Random) -> bool:
    async with h.daemon() as running:
        if dice.random() < 0.5:
            frames = h.frames_stored()
            made = await h.frames_made()
            await eventually(
                lambda: h.frames_stored() > frames or running.process.returncode is not None
                or frames >= made,
                LONG_S,
            )  # fmt: skip
        await asyncio.sleep(dice.uniform(0, 1.0))
        return await running.end(signal.SIGKILL) == -signal.SIGKILL


async def _die_at_a_statement(h: Home, dice: random.Random) -> bool:
    statement = str(dice.randint(1, MOST_STATEMENTS))
    async with h.daemon(command=("-m", "tests.faults.dying", statement)) as running:
        async with asyncio.timeout(LONG_S):
            status = await running.process.wait()
    assert status == -signal.SIGKILL, running.said
    return True
