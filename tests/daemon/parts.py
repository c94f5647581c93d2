"""The parts of a home as processes of their own: the simulated band and the daemon."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WAIT_S = 60.0  # for what takes a second on an idle machine
ADDRESS = "F0:F1:F2:F3:F4:01"
BAND = "band1"


@dataclass
class Part:
    """One process; its standard output is read as it comes, its errors are kept in a file."""

    process: Process
    errors: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def said(self) -> str:
        """Standard error so far."""
        return self.errors.read_text("utf-8", "replace")

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            async with self.news:
                self.lines.append(json.loads(line))
                self.news.notify_all()

    async def told(self, key: str) -> dict[str, Any]:
        """The first line with this key, once there is one."""
        async with asyncio.timeout(WAIT_S), self.news:
            await self.news.wait_for(lambda: any(key in line for line in self.lines))
        return next(line for line in self.lines if key in line)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait; its exit status."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(WAIT_S):
            return await self.process.wait()


@asynccontextmanager
async def part(errors: Path, *arguments: str) -> AsyncIterator[Part]:
    """A Python process, killed at the end if it still runs."""
    with errors.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=sink
        )
    one = Part(process, errors)
    reading = asyncio.create_task(one.read())
    try:
        yield one
    finally:
        await one.end(signal.SIGKILL)
        await reading


@asynccontextmanager
async def band(folder: Path, *options: str) -> AsyncIterator[Part]:
    """firmware_sim, ready; its air is `unix:FOLDER/air`."""
    command = ("-m", "firmware_sim", "--listen", f"unix:{folder / 'air'}", *options)
    async with part(folder / "band.log", *command) as one:
        try:
            await one.told("ready")
        except TimeoutError:
            raise AssertionError(one.said) from None
        yield one


@asynccontextmanager
async def daemon(folder: Path, port: int, *extra: str) -> AsyncIterator[Part]:
    """`stretchband run` on the air of `band`, the database in the same folder."""
    config = folder / "tracker.toml"
    config.write_text(
        f'[store]\npath = "history.db"\n[mqtt]\nport = {port}\n'
        f'[bluetooth]\nradio = "unix:{folder / "air"}"\n'
        + "\n".join(extra)
        + f'\n[[bands]]\nid = "{BAND}"\naddress = "{ADDRESS}"\n',
        "utf-8",
    )
    async with part(folder / "daemon.log", "-m", "tracker", "run", "--config", str(config)) as one:
        yield one
