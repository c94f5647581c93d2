"""The parts of a home as processes of their own: the simulated band and the daemon."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.forked import Forked, forked

WAIT_S = 60.0  # for what takes a second on an idle machine
ADDRESS = "F0:F1:F2:F3:F4:01"
BAND = "band1"
# In the suite. What is measured outside of it is measured of a Python of its own.
FORK = "PYTEST_VERSION" in os.environ


@dataclass
class Part:
    """One process; its standard output is read as it comes, its errors are kept in a file."""

    process: Process | Forked
    errors: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    said_lines: int = 0

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

    async def told(self, key: str, times: int = 1, wait_s: float = WAIT_S) -> dict[str, Any]:
        """The first line with this key, or the so manieth, once there is one."""

        def having() -> list[dict[str, Any]]:
            return [line for line in self.lines if key in line]

        async with asyncio.timeout(wait_s), self.news:
            await self.news.wait_for(lambda: len(having()) >= times)
        return having()[times - 1]

    async def say(self, **word: object) -> dict[str, Any]:
        """A line on its standard input, and the answer; for a band with --control."""
        assert self.process.stdin is not None
        self.said_lines += 1
        self.process.stdin.write(json.dumps(word).encode() + b"\n")
        answer = await self.told("told", self.said_lines)
        assert "error" not in answer, answer
        return answer

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait; its exit status."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(WAIT_S):
            return await self.process.wait()


async def _started(
    *arguments: str, fork: bool, stdin: int, stdout: int, stderr: int
) -> Process | Forked:
    match arguments:
        case ("-m", module, *words) if fork:
            return await forked(module, *words, stdin=stdin, stdout=stdout, stderr=stderr)
        case _:
            return await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdin=stdin, stdout=stdout, stderr=stderr
            )


@asynccontextmanager
async def part(
    errors: Path, *arguments: str, heard: bool = False, fork: bool = FORK
) -> AsyncIterator[Part]:
    """A Python process, killed at the end if it still runs. heard: it reads standard input.

    fork: a module is run as a fork, where its memory is not what is asked for.
    """
    with errors.open("ab") as sink:
        process = await _started(
            *arguments,
            fork=fork,
            stdin=PIPE if heard else DEVNULL,
            stdout=PIPE,
            stderr=sink.fileno(),
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
    heard = "--control" in options
    async with part(folder / "band.log", *command, heard=heard) as one:
        try:
            await one.told("ready")
        except TimeoutError:
            raise AssertionError(one.said) from None
        yield one


def configure(
    folder: Path,
    port: int,
    *extra: str,
    mqtt: Sequence[str] = (),
    bands: int = 1,
    db: str = "history.db",
) -> Path:
    """A config on the air of `band`, the database in the same folder.

    extra: further tables; mqtt: further lines of that one. Several bands count up from the first.
    """
    config = folder / "tracker.toml"
    tables = [
        f'[store]\npath = "{db}"',
        "\n".join(["[mqtt]", f"port = {port}", *mqtt]),
        f'[bluetooth]\nradio = "unix:{folder / "air"}"\n' + "\n".join(extra),
        *(
            f'[[bands]]\nid = "{band_id(number)}"\naddress = "{ADDRESS[:-2]}{number:02X}"'
            for number in range(1, bands + 1)
        ),
    ]
    config.write_text("\n".join([*tables, ""]), "utf-8")
    return config


def band_id(number: int) -> str:
    """Of the first, the second, ... band."""
    return f"{BAND[:-1]}{number}"


@asynccontextmanager
async def daemon(
    folder: Path,
    port: int,
    *extra: str,
    mqtt: Sequence[str] = (),
    bands: int = 1,
    db: str = "history.db",
    command: Sequence[str] = ("-m", "tracker"),
    fork: bool = FORK,
) -> AsyncIterator[Part]:
    """`stretchband run` with `configure`; command: another way to start it."""
    config = configure(folder, port, *extra, mqtt=mqtt, bands=bands, db=db)
    words = (*command, "run", "--config", str(config))
    async with part(folder / "daemon.log", *words, fork=fork) as one:
        yield one
