"""A home around the machine: the air and the bands out here, the daemon and the broker in there."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firmware_sim.air import Air
from tests.bluez.machine import PYTHON, Done, Machine, Running
from tests.daemon.parts import Part, part
from tests.faults.undisturbed import Tally, stored, undisturbed
from tests.mqtt.house import Subscriber

# For what takes seconds by itself; the machine is emulated and shares two cores.
LONG_S: Final = 120.0
HISTORIES: Final = "/root"
ANYBODYS: Final = "/var/tmp"  # noqa: S108 - in the machine, which is ours
APP: Final = "/run/stretchband/app"
CONFIG: Final = """
[store]
path = "{}"
[bluetooth]
silence_s = 4.0
[[bands]]
id = "{}"
address = "{}"
"""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Play:
    """What the band plays: a scripted session, so many times as fast as it happened."""

    seed: int = 3
    total_s: float = 120.0
    speed: float = 10.0

    @property
    def options(self) -> tuple[str, ...]:
        return (
            *("--seed", str(self.seed), "--total-s", str(self.total_s)),
            *("--speed", str(self.speed), "--start-on-connect"),
        )


@dataclass
class Home:
    """One band that BlueZ has never met, in the house that all tests share."""

    folder: Path
    machine: Machine
    air: Air
    hub: str
    house: Subscriber
    figures: list[str]
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def band(self) -> str:
        """Its name in the config."""
        return f"band{self.number}"

    @property
    def address(self) -> str:
        return f"F0:F1:F2:F3:F4:{self.number:02X}"

    @asynccontextmanager
    async def band_on_air(self, *options: str) -> AsyncIterator[Part]:
        """The simulated band, ready."""
        place = ("--transport", self.hub, "--address", self.address, "--control")
        command = ("-m", "firmware_sim", *place, *options)
        async with part(self.folder / "band.log", *command, heard=True) as one:
            try:
                await one.told("ready")
            except TimeoutError:
                raise AssertionError(one.said) from None
            yield one

    async def start_daemon(self, folder: str = HISTORIES, user: str | None = None) -> Running:
        """`stretchband run` in the machine, its history in that folder."""
        return await self.machine.start(
            f"daemon-{self.band}", *self._stretchband("run", folder), user=user
        )

    async def pair(self) -> Done:
        """`stretchband pair` in the machine."""
        return await self.machine.run(*self._stretchband("pair", HISTORIES))

    def _stretchband(self, command: str, folder: str) -> tuple[str, ...]:
        config = self.machine.share / f"{self.band}.toml"
        history = f"{folder}/{self.band}.db"
        config.write_text(CONFIG.format(history, self.band, self.address), "utf-8")
        program = ("env", f"PYTHONPATH={APP}", PYTHON, "-m", "tracker")
        return (*program, command, "--config", f"/share/{config.name}")

    async def complaint(self, user: str | None = None) -> str:
        """The one sentence of a `stretchband run` that ends with status 1."""
        running = await self.start_daemon(ANYBODYS, user)
        assert await running.wait() == 1, running.said
        name, _, sentence = running.said.rpartition("stretchband: ")
        assert "stretchband" not in name, running.said
        assert "Traceback" not in name, running.said
        assert sentence.count("\n") == 1, running.said
        return sentence

    @asynccontextmanager
    async def daemon(
        self, folder: str = HISTORIES, user: str | None = None
    ) -> AsyncIterator[Running]:
        """The same until the end of the test, when it has to end in order."""
        running = await self.start_daemon(folder, user)
        try:
            yield running
        finally:
            with suppress(AssertionError):
                await running.send(signal.SIGTERM)
        assert await running.wait() == 0, running.said

    def is_connected(self) -> bool:
        return bool(health_of(self)["connected"])

    async def known_to_bluez(self) -> str:
        """What bluetoothd knows of the band."""
        return await self.machine.sh(f"bluetoothctl info {self.address}")

    def measured(self, what: str, value: float) -> None:
        """A figure to show at the end of the run."""
        self.figures.append(f"{what}: {value:.4g}")

    def heard(self) -> list[str]:
        """The band's events as the house heard them, doubles and all."""
        topics = {f"stretchband/band/{self.band}/{leaf}" for leaf in ("event", "late")}
        return [h.payload.decode() for h in self.house.heard if h.topic in topics]

    async def until(self, condition: Callable[[], bool], limit_s: float = LONG_S) -> None:
        """Wait for something that shows in the house."""
        try:
            await self.house.until(condition, limit_s)
        except TimeoutError:
            raise AssertionError(self.said()) from None

    async def until_health(self) -> None:
        """Wait for bridge/health as it is from now on; it comes once a minute."""
        told = len(self.house.on("bridge/health"))
        await self.until(lambda: len(self.house.on("bridge/health")) > told)

    async def until_event(self, kind: str, times: int = 1, limit_s: float = LONG_S) -> None:
        word = f'"event":"{kind}"'
        await self.until(lambda: sum(word in text for text in self.heard()) >= times, limit_s)

    async def history(self, folder: str = HISTORIES) -> Path:
        """A copy of its database as it is now."""
        name = f"{self.band}.db"
        copy = "import sqlite3,sys; a, b = map(sqlite3.connect, sys.argv[1:]); a.backup(b)"
        done = await self.machine.run(
            PYTHON, "-c", copy, f"{folder}/{name}", f"{HISTORIES}/copy-{name}"
        )
        assert done.status == 0, done
        await self.machine.sh(f"mv {HISTORIES}/copy-{name} /share/{name}")
        return self.machine.share / name

    async def all_there(self, play: Play, folder: str = HISTORIES) -> None:
        """The history and the house have the session as it is when nothing goes wrong."""
        facts = undisturbed(play.seed, play.total_s, self.band)
        log, house = Tally(), Tally()
        log.count(stored(await self.history(folder)), facts)
        house.count(self.heard(), facts)
        assert log.whole, log
        assert log.doubled == 0, log
        assert house.whole, house

    def said(self) -> str:
        """What the daemon has said, for a test that fails."""
        log = self.machine.share / f"daemon-{self.band}.log"
        return log.read_text("utf-8", "replace") if log.exists() else "the daemon was not started"


def health_of(home: Home) -> dict[str, Any]:
    """What the daemon last told of the band in bridge/health."""
    for payload in reversed(home.house.on("bridge/health")):
        told: dict[str, dict[str, Any]] = json.loads(payload)["bands"]
        if home.band in told:
            return told[home.band]
    return {"connected": False, "reconnects": 0, "faults": {}}
