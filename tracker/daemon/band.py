"""What is done for one band: its frames are stored and folded, its wearer obeyed, its leg buzzed.

    link --arrivals--> record --events--> house
                          |
    commands --> obey ----+--signals--> signal --> link

Each is a task of its own, for each band: a dead band holds up neither another one nor its own
frames, and a store that cannot be written holds up no buzz.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Literal, ParamSpec, TypeVar

from tracker.bands.arrivals import Arrival, Greeting
from tracker.bands.link import BandLink, Limits
from tracker.bands.link_state import LinkState
from tracker.bands.radio import Radio
from tracker.bands.reader import Cursor
from tracker.bands.stretchband import Haptic
from tracker.config import BandConfig, Config
from tracker.daemon.buzzes import FRESH_S, Buzzes
from tracker.daemon.house import House
from tracker.daemon.thread import StoreThread
from tracker.detect.events import Event, HoldEnded, HoldStarted, Side, event_name
from tracker.detect.posture.taught import Lesson, Taught, TeachingError
from tracker.mqtt.commands import (
    Buzz,
    BuzzPattern,
    Command,
    End,
    Forget,
    Note,
    Pain,
    SetSide,
    Teach,
)
from tracker.mqtt.payloads import LessonState
from tracker.recorder import Outcome, Recorder
from tracker.store import Store

ARRIVALS = 512  # frames: four minutes of a live band; while it is full the band keeps the rest
BATCH = 64  # frames a transaction, so that reading hours of ring does not write them one by one
COMMANDS = 16  # that wait for the store; more are refused
SIGNALS = 4  # that wait for the band; more would only puzzle

_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class Band:
    """One band while the daemon runs."""

    def __init__(
        self, config: BandConfig, whole: Config, radio: Radio, store: Store, thread: StoreThread
    ) -> None:
        self.id = config.id
        self._config = config
        self._store, self._thread = store, thread
        self._recorder = Recorder(store, config.id, config.turn(), whole.settings(config))
        self._buzzes = Buzzes()
        self.arrivals: asyncio.Queue[Arrival | Greeting] = asyncio.Queue(ARRIVALS)
        self._commands: asyncio.Queue[Command] = asyncio.Queue(COMMANDS)
        self._signals: asyncio.Queue[tuple[float, Callable[[], Awaitable[bool]]]] = asyncio.Queue(
            SIGNALS
        )
        # The history is known, and what came before is folded again.
        self.ready = asyncio.Event()
        self._house: House | None = None
        self._lesson: tuple[str, Side | None] = ("", None)
        self.link = BandLink(
            config.id,
            config.address,
            radio,
            cursor=self._cursor,
            arrivals=self.arrivals,
            on_change=self._link_changed,
            limits=Limits(silence_s=whole.bluetooth.silence_s),
        )

    def tasks(self, house: House) -> dict[str, Coroutine[None, None, None]]:
        """What is to run besides the link, by name; it ends by cancellation."""
        self._house = house
        return {
            f"record {self.id}": self._record(house),
            f"obey {self.id}": self._obey(house),
            f"signal {self.id}": self._signal(),
        }

    def take(self, command: Command) -> None:
        """The wearer says something; it is carried out as soon as it can be."""
        match command.action:
            case Buzz(level):
                self._send(lambda: self.link.buzz(level))
            case BuzzPattern(pulses, on_s, off_s):
                self._send(lambda: self.link.haptic(Haptic(pulses, on_s, off_s)))
            case SetSide() | Pain() | End() | Note() | Teach() | Forget():
                if self._commands.full():
                    _log.warning("%s: command refused: too many wait for the store", self.id)
                else:
                    self._commands.put_nowait(command)

    async def count_today(self, house: House) -> None:
        """Tell the house the totals of the day that it is now."""
        day = datetime.now().astimezone().date()
        house.today(self.id, await self._keep_trying(self._store.day_totals, self.id, day, None))

    async def _record(self, house: House) -> None:
        """Store and fold what the link brings, in batches when it brings much."""
        await self._prepare(house)
        await self.count_today(house)
        while True:
            batch = [await self.arrivals.get()]
            while len(batch) < BATCH and not self.arrivals.empty():
                batch.append(self.arrivals.get_nowait())
            outcome = await self._keep_trying(self._recorder.receive, batch)
            house.feel(self.id, outcome.live)
            await self._happened(house, outcome)
            if outcome.lesson is not None:
                self._lesson_over(house, outcome.lesson)
            for level in self._buzzes.due(outcome):
                self._send(lambda level=level: self.link.buzz(level))  # type: ignore[misc]  # its default
            for _ in batch:
                self.arrivals.task_done()

    async def _prepare(self, house: House) -> None:
        config = self._config
        await self._keep_trying(
            self._store.register_band, config.id, config.address, None, config.axes
        )
        events = await self._keep_trying(self._recorder.restart)
        last = await self._keep_trying(self._store.last_hold, config.id)
        house.remember(config.id, last, events, self._recorder.side)
        house.taught(config.id, self._recorder.taught)
        self.ready.set()

    async def _obey(self, house: House) -> None:
        """What changes the history: in the order it was said."""
        await self.ready.wait()
        while True:
            command = await self._commands.get()
            match command.action:
                case Teach(name, side):
                    self._begin_lesson(house, name, side)
                    continue
                case Forget(name) if not self._knows(name):
                    self._tell(house, name, None, "failed", f"{name} is not taught")
                    continue
            said = command.payload.decode()
            await self._happened(
                house, await self._keep_trying(self._recorder.command, command.name, said)
            )
            if isinstance(command.action, Forget):
                self._tell(house, command.action.name, None, "forgotten")

    def _knows(self, name: str) -> bool:
        return any(one.name == name for one in self._recorder.taught)

    def _begin_lesson(self, house: House, name: str, side: Side | None) -> None:
        self._lesson = (name, side)
        self._recorder.teach(Lesson(name, side))
        self._tell(house, name, side, "waiting")

    def _lesson_over(self, house: House, learnt: Taught | TeachingError) -> None:
        if isinstance(learnt, Taught):
            self._send(lambda: self.link.buzz(2))
            self._tell(house, learnt.name, learnt.side, "learnt")
        else:
            self._tell(house, *self._lesson, "failed", str(learnt))

    def _tell(
        self,
        house: House,
        name: str,
        side: Side | None,
        state: Literal["waiting", "learnt", "failed", "forgotten"],
        why: str | None = None,
    ) -> None:
        """How a word about a posture was taken."""
        _log.info("%s: %s", self.id, why or f"{name} {state}")
        lesson = LessonState(name=name, side=side, state=state, why=why)
        house.taught(self.id, self._recorder.taught, lesson)

    async def _signal(self) -> None:
        """What the leg feels, while it still means something."""
        while True:
            asked_s, send = await self._signals.get()
            if _now_s() - asked_s < FRESH_S:
                await send()

    def _send(self, signal: Callable[[], Awaitable[bool]]) -> None:
        if not self._signals.full():
            self._signals.put_nowait((_now_s(), signal))

    async def _happened(self, house: House, outcome: Outcome) -> None:
        recorder, events = self._recorder, [*outcome.again, *outcome.events]
        house.happened(self.id, events, worn=recorder.worn, side=recorder.side)
        for event in outcome.events:
            _log.info("%s: %s", self.id, in_short(event))
        if any(isinstance(event, HoldEnded) for event in outcome.events):
            await self.count_today(house)

    async def _keep_trying(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._thread.keep_trying(f"{do.__qualname__} {self.id}", do, *args, **kwargs)

    async def _cursor(self) -> Cursor | None:
        await self.ready.wait()
        return await self._keep_trying(self._store.cursor, self.id)

    def _link_changed(self, link: LinkState) -> None:
        if self._house is not None:
            self._house.link_changed(self.id, link)


def in_short(event: Event) -> str:
    """An event in one line of the log."""
    match event:
        case HoldStarted():
            return f"hold started: {event.stretch} {event.side or ''}".rstrip()
        case HoldEnded():
            side = f" {event.side}" if event.side else ""
            return f"hold ended: {event.stretch}{side} {event.duration_s:.1f} s"
        case _:
            return event_name(event).replace("_", " ")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
