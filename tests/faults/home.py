"""A whole home for a scenario: a broker, its door, a listener, a band on bad air, and a daemon."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from tests.daemon import parts
from tests.daemon.parts import Part, band_id
from tests.faults.door import Door, door
from tests.faults.undisturbed import Tally, end_s, fact, played, stored, undisturbed
from tests.mosquitto import Mosquitto
from tests.mqtt.house import Subscriber, subscriber

LONG_S = 120.0  # for what takes seconds, or half a minute on a machine with other work
# So that a fault is noticed sooner than at home; nothing else is changed.
# As config/mosquitto has it, but for anybody.
BROKER = ("allow_anonymous true", "set_tcp_nodelay true")
ALERT_AIR = ("silence_s = 2.0",)
ALERT_MQTT = ("keepalive_s = 2",)
# How fast a band plays what is left when nothing more is done to it.
REST_SPEED = 200.0


@dataclass(frozen=True)
class Play:
    """What the band plays: a scripted session, so many times as fast as it happened."""

    seed: int = 3
    total_s: float = 300.0
    speed: float = 30.0
    bands: int = 1

    @property
    def options(self) -> tuple[str, ...]:
        return (
            *("--seed", str(self.seed), "--total-s", str(self.total_s)),
            *("--speed", str(self.speed), "--bands", str(self.bands)),
            *("--start-on-connect", "--control"),
        )

    def facts(self, number: int = 1) -> tuple[str, ...]:
        """The undisturbed log of the first, the second, ... band."""
        return undisturbed(self.seed + number - 1, self.total_s, band_id(number))


@dataclass
class Home:
    """Where it is and who lives there."""

    folder: Path
    play: Play
    broker: Mosquitto
    door: Door
    house: Subscriber
    db: Path
    _band: Part | None = None

    @property
    def band(self) -> Part:
        """The process that plays the bands."""
        assert self._band is not None
        return self._band

    @asynccontextmanager
    async def band_on_air(self, *options: str) -> AsyncIterator[Part]:
        """Start it, with further options."""
        async with parts.band(self.folder, *self.play.options, *options) as self._band:
            yield self._band

    @asynccontextmanager
    async def daemon(
        self,
        *detector: str,
        mqtt: Sequence[str] = ALERT_MQTT,
        command: Sequence[str] = ("-m", "tracker"),
    ) -> AsyncIterator[Part]:
        """`stretchband run` on this home's air and door. mqtt: lines of that table."""
        async with parts.daemon(
            self.folder, self.door.port, *ALERT_AIR, *detector,
            mqtt=mqtt, bands=self.play.bands, db=str(self.db), command=command,
        ) as running:  # fmt: skip
            yield running

    async def frames_made(self) -> int:
        """By all bands so far."""
        return int((await self.band.say())["frames"])

    async def now_s(self) -> float:
        """On the band's clock."""
        return float((await self.band.say())["now_s"])

    async def at(self, moment_s: float) -> float:
        """Wait for a moment of the band's clock; it may be a little later, and is returned."""
        now_s = await self.now_s()
        while now_s < moment_s:
            await asyncio.sleep(max((moment_s - now_s) / self.play.speed, 0.005))
            now_s = await self.now_s()
        return now_s

    async def stand_at(self, moment_s: float) -> None:
        """Let the band's clock stand at a moment, and wait for all frames that it has by then."""
        whole = [f for f in played(self.play.seed, self.play.total_s).frames if end_s(f) < moment_s]
        async with asyncio.timeout(LONG_S):
            while (await self.band.say(until_s=moment_s))["frames"] < len(whole):  # noqa: ASYNC110 - see eventually
                await asyncio.sleep(0.02)

    def frames_stored(self) -> int:
        """Of all bands; 0 before there is a history."""
        if not self.db.exists():
            return 0
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
            try:
                (count,) = db.execute("SELECT count(*) FROM frames").fetchone()
            except sqlite3.OperationalError:  # its tables are being made
                return 0
        return int(count)

    async def until_stored(self, frames: int, wait_s: float = LONG_S) -> float:
        """Wait until so many frames are stored; how long that took, in seconds."""
        began_s = time.monotonic()
        await eventually(lambda: self.frames_stored() >= frames, wait_s)
        return time.monotonic() - began_s

    async def until_over(self, wait_s: float = LONG_S) -> None:
        """Wait until the bands' motion is over, stored, and the house has heard it."""
        total = int((await self.band.told("ended", wait_s=wait_s))["frames"])
        await self.until_stored(total, wait_s)
        await self.house.until(self._all_ended, wait_s)

    async def soon_over(self) -> None:
        """The same when there is no more to be seen on the way: the bands play faster."""
        await self.band.say(speed=REST_SPEED)
        await self.until_over()

    def _all_ended(self) -> bool:
        return all(
            any(fact(text) == self.play.facts(number)[-1] for text in reversed(self.heard(number)))
            for number in range(1, self.play.bands + 1)
        )

    def heard(self, number: int = 1) -> list[str]:
        """The band's events as the house heard them, doubles and all."""
        topics = {f"stretchband/band/{band_id(number)}/{leaf}" for leaf in ("event", "late")}
        return [h.payload.decode() for h in self.house.heard if h.topic in topics]

    def tally_of_log(self) -> Tally:
        """The database against the undisturbed log of each band."""
        tally = Tally()
        log = stored(self.db)
        for number in range(1, self.play.bands + 1):
            own = [text for text in log if f'"band_id":"{band_id(number)}"' in text]
            tally.count(own, self.play.facts(number))
        return tally

    def tally_of_house(self) -> Tally:
        """What the house heard against the same."""
        tally = Tally()
        for number in range(1, self.play.bands + 1):
            tally.count(self.heard(number), self.play.facts(number))
        return tally

    def late(self) -> int:
        """How many messages came on `late`."""
        return sum(h.topic.endswith("/late") for h in self.house.heard)


@asynccontextmanager
async def empty_home(folder: Path, play: Play, db: Path | None = None) -> AsyncIterator[Home]:
    """A home without a band yet, in a new folder; db: its history elsewhere."""
    broker_folder = folder / "mosquitto"
    broker_folder.mkdir(parents=True)
    broker = Mosquitto(broker_folder, *BROKER)
    broker.start()
    try:
        async with door(broker.port) as way, subscriber(broker.port) as house:
            yield Home(folder, play, broker, way, house, db or folder / "history.db")
    finally:
        broker.kill()


@asynccontextmanager
async def home(
    folder: Path, play: Play, *options: str, db: Path | None = None
) -> AsyncIterator[Home]:
    """A home with its band on the air. options: further ones of the band."""
    async with empty_home(folder, play, db) as one, one.band_on_air(*options):
        yield one


async def eventually(condition: Callable[[], bool], wait_s: float = LONG_S) -> None:
    """Wait until this holds, looked at every 20 ms."""
    async with asyncio.timeout(wait_s):
        while not condition():  # noqa: ASYNC110 - of another process, which tells nobody
            await asyncio.sleep(0.02)
