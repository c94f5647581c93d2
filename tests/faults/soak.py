"""All faults in their long form: `python -m tests.faults.soak`, or `make soak`.

Prints the table of docs/reliability.md; --page FILE writes it there. --only NAME runs one scenario.
The exit status is 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.faults.air import (
    WEATHER,
    live_in_bad_air,
    meet_a_narrow_band,
    walk_away,
    walk_too_far,
)
from tests.faults.clocks import set_clocks
from tests.faults.crowd import cost_in_real_time, many_bands
from tests.faults.cuts import cut_the_power
from tests.faults.disk import fill_disk, lock_history, refuse_history
from tests.faults.home import Play
from tests.faults.independence import freeze_the_band, freeze_the_broker
from tests.faults.kills import kill_daemons
from tests.faults.month import live_for_days
from tests.faults.outages import KINDS, break_brokers
from tests.faults.reboot import pull_the_battery
from tests.faults.report import Report

Scenario = Callable[[Path], Awaitable[Report]]
HOUR = Play(total_s=3600.0, speed=30.0)
QUARTER = Play(total_s=900.0, speed=15.0)
YEAR_S = 365 * 86400.0
ALONE = ("one", "crowd")
AT_ONCE = 3
BEGIN, END = "<!-- soak begins -->", "<!-- soak ends -->"

SCENARIOS: Final[dict[str, Scenario]] = {
    "kill": lambda at: kill_daemons(at, Play(total_s=1800.0, speed=15.0), 35, 15, seed=1),
    "power": lambda at: cut_the_power(at, Play(total_s=900.0, speed=30.0), 40, seed=2),
    "broker": lambda at: break_brokers(at, HOUR, KINDS, fault_s=7.0, pause_s=1.0),
    "late": lambda at: break_brokers(at, QUARTER, ("killed",), fault_s=45.0, pause_s=1.0),
    "away": lambda at: walk_away(at, HOUR, [5, 15, 60, 300, 1200]),
    "away half an hour": lambda at: walk_away(at, Play(total_s=2700.0, speed=60.0), [1800]),
    "overrun": lambda at: walk_too_far(at, Play(total_s=720.0, speed=30.0), 120, seed=3),
    "air": lambda at: live_in_bad_air(at, Play(total_s=900.0, speed=12.0), tuple(WEATHER), 4.0),
    "narrow": lambda at: meet_a_narrow_band(at, Play(total_s=160.0, speed=30.0)),
    "reboot": lambda at: pull_the_battery(at, Play(total_s=300.0, speed=20.0)),
    "clocks": lambda at: set_clocks(
        at, Play(total_s=300.0, speed=4.0), [3600.0, -7200.0, YEAR_S, -YEAR_S], 200.0
    ),
    "disk": lambda at: fill_disk(at, QUARTER, 3, full_s=5.0),
    "locked": lambda at: lock_history(at, QUARTER, 3),
    "damaged": lambda at: refuse_history(at, Play(total_s=120.0, speed=60.0)),
    "frozen broker": lambda at: freeze_the_broker(at, Play(total_s=300.0, speed=15.0)),
    "dead band": lambda at: freeze_the_band(at, Play(total_s=300.0, speed=15.0), 3),
    "one": lambda at: cost_in_real_time(at, 1, 110.0),
    "crowd": lambda at: cost_in_real_time(at, 32, 60.0),
    "many": lambda at: many_bands(at, Play(total_s=1800.0, speed=12.0, bands=32)),
    "month": lambda at: live_for_days(at, Play(total_s=300.0, speed=100.0), 30),
}


async def run_one(name: str) -> Report:
    """One scenario, in this process and a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        return await SCENARIOS[name](Path(folder) / "home")


async def run(names: Sequence[str]) -> tuple[list[str], bool]:
    """The table's rows in the order of the names, and whether all passed.

    What is measured runs by itself, first; of the others, which mostly wait, several at a time.
    """
    rows: dict[str, str] = {}
    passed: dict[str, bool] = {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def take_turn(name: str) -> None:
        async with turns:
            began_s = time.monotonic()
            rows[name], passed[name] = await in_own_process(name)
            took_s = time.monotonic() - began_s
            say(f"{name}: {took_s:.0f} s, {'passed' if passed[name] else 'FAILED'}\n{rows[name]}")

    for name in ALONE:
        if name in names:
            await take_turn(name)
    async with asyncio.TaskGroup() as tasks:
        for name in names:
            if name not in ALONE:
                tasks.create_task(take_turn(name))
    head = ["| what | survived | in the history | in the house | more |", "|---|---|---|---|---|"]
    return [*head, *(rows[name] for name in names)], all(passed.values())


async def in_own_process(name: str) -> tuple[str, bool]:
    """Its row, and whether it passed. What it complains of goes to our standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __spec__.name, "--row", name), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    row = told.decode().strip()
    return row or f"| {name} | failed | | | |", process.returncode == 0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's output


def where_and_when(took_s: float) -> str:
    """On what the figures were measured."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"`make soak` of {datetime.now(UTC):%Y-%m-%d}: {took_s / 60:.0f} minutes, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores ({model}), load {load} at the end."
    )


def write(page: Path, text: str) -> None:
    """Put the figures between the two marks of the page. Raises ValueError where there are none."""
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page}: no marks to put the figures between")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def main() -> int:
    """Run as a command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--only", choices=SCENARIOS, action="append", metavar="NAME")
    parser.add_argument("--page", type=Path, metavar="FILE")
    parser.add_argument("--row", choices=SCENARIOS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row is not None:
        try:
            report = asyncio.run(run_one(asked.row))
        except pytest.skip.Exception as skipped:
            say(f"| {asked.row} | skipped: {skipped} | | | |")
            return 0
        say(report.row())
        if not report.passed:
            print(report, file=sys.stderr)  # noqa: T201 - what is wrong with it
        return 0 if report.passed else 1
    began_s = time.monotonic()
    rows, passed = asyncio.run(run(asked.only or list(SCENARIOS)))
    text = "\n".join([where_and_when(time.monotonic() - began_s), "", *rows])
    say(f"\n{text}")
    if asked.page is not None:
        write(asked.page, text)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
