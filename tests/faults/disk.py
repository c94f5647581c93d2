"""A disk that is full, a history that others lock or that is damaged: what does the daemon do?"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.daemon.parts import Part
from tests.faults.home import LONG_S, Home, Play, eventually, home
from tests.faults.report import Report
from tests.faults.undisturbed import faults_of
from tests.small_disk import fill, small_disk

DISK_MB = 16  # SQLite checkpoints its log at 4 MB, and the disk has to hold more than that
FULL = "cannot grow: the disk is full"
LOCKED = "is locked by another program"
AGAIN = "the history is written again"


async def fill_disk(folder: Path, play: Play, times: int, full_s: float) -> Report:
    """The disk runs full in the session, and there is room again after a while."""
    with small_disk(folder, DISK_MB) as disk:
        elsewhere = folder.with_name(f"{folder.name}-home")
        async with (
            home(elsewhere, play, db=disk / "history.db") as h,
            h.daemon() as running,
        ):
            survived, slowest_s = 0, 0.0
            await h.until_stored(20)
            for number in range(1, times + 1):
                filler = fill(disk)
                await eventually(lambda n=number: running.said.count(FULL) >= n)  # type: ignore[misc]
                await asyncio.sleep(full_s)
                filler.unlink()
                slowest_s = max(slowest_s, await h.until_stored(await h.frames_made()))
                await eventually(lambda n=number: running.said.count(AGAIN) >= n)  # type: ignore[misc]
                survived += running.process.returncode is None
            return await _report("disk full", h, running, times, survived, slowest_s)


async def lock_history(folder: Path, play: Play, times: int) -> Report:
    """Another program writes for longer than the daemon waits, and one reads for ever."""
    async with home(folder, play) as h, h.daemon() as running:
        survived, slowest_s = 0, 0.0
        await h.until_stored(20)
        with closing(sqlite3.connect(h.db, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM frames").fetchone()
            for number in range(1, times + 1):
                with closing(sqlite3.connect(h.db, isolation_level=None)) as writer:
                    await _lock(writer)
                    await eventually(lambda n=number: running.said.count(LOCKED) >= n)  # type: ignore[misc]
                    writer.execute("ROLLBACK")
                slowest_s = max(slowest_s, await h.until_stored(await h.frames_made()))
                survived += running.process.returncode is None
        return await _report("database locked", h, running, times, survived, slowest_s)


async def _lock(writer: sqlite3.Connection) -> None:
    async with asyncio.timeout(LONG_S):
        while True:
            try:
                writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:  # the daemon is writing this very moment
                await asyncio.sleep(0.01)
            else:
                return


async def _report(
    name: str, h: Home, running: Part, times: int, survived: int, slowest_s: float
) -> Report:
    await h.soon_over()
    assert await running.end() == 0, running.said
    return Report(
        name,
        tried=times,
        survived=survived if not faults_of(h.db) else 0,
        log=h.tally_of_log(),
        heard=h.tally_of_house(),
        facts={"all stored again within": f"{slowest_s:.1f} s"},
    )


async def refuse_history(folder: Path, play: Play) -> Report:
    """A damaged file is said to be one, in one line, and is not touched."""
    survived = 0
    async with home(folder, play) as h:
        async with h.daemon() as running:
            await h.soon_over()
            assert await running.end() == 0, running.said
        log, heard = h.tally_of_log(), h.tally_of_house()
        whole = h.db.read_bytes()
        damaged = whole[:4096] + b"\xa5" * (len(whole) - 8192) + whole[-4096:]
        h.db.write_bytes(damaged)
        survived += await _is_refused(h, "is damaged; put it aside")
        survived += h.db.read_bytes() == damaged
        h.db.write_bytes(whole)
        return Report("database damaged", 2, survived, log=log, heard=heard)


async def _is_refused(h: Home, why: str) -> bool:
    async with h.daemon() as running:
        before = len(running.said)
        async with asyncio.timeout(LONG_S):
            status = await running.process.wait()
        said = running.said[before:]
    return status not in (0, None) and why in said and "Traceback" not in said
