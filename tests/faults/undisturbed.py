"""What the event log of a session is when nothing goes wrong, and how another compares."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from firmware_sim.firmware import Firmware
from firmware_sim.motion import scripted
from firmware_sim.ring import Ring
from firmware_sim.truth import Truth
from tracker.bands.arrivals import Arrival, Greeting
from tracker.bands.stretchband import Frame, Status, decode_frame
from tracker.config import DetectorConfig
from tracker.detect.events import to_json
from tracker.detect.samples import BAND_AXES, Block
from tracker.detect.session import Session, Settings
from tracker.recorder import Recorder
from tracker.store import Store

BAND = "band1"
ADDRESS = "F0:F1:F2:F3:F4:01"
NOON = 1_795_000_000.0
LIVE_S = 0.02  # from the last sample of a frame to its arrival
# As the daemon has them where the config says nothing.
DEFAULTS = DetectorConfig()
SETTINGS = Settings(
    target_s=DEFAULTS.target_s,
    min_hold_s=DEFAULTS.min_hold_s,
    session_gap_s=DEFAULTS.session_gap_s,
)


@dataclass(frozen=True)
class Played:
    """A scripted session as a band's ring holds it, and what really happened."""

    frames: tuple[Frame, ...]
    truth: Truth

    def arrivals(self, first: int = 0, end: int | None = None) -> list[Arrival | Greeting]:
        """As a live link brings them."""
        return [Arrival(frame, NOON + end_s(frame) + LIVE_S) for frame in self.frames[first:end]]

    def hello(self) -> Greeting:
        """The band's first word."""
        return Greeting(Status(1, 0, 0, 0, self.truth.rate_hz), NOON)

    def asleep(self) -> Greeting:
        """Its word when the motion is over."""
        last = self.frames[-1]
        status = Status(
            1, round(end_s(last) * 1000), 0, last.seq + 1, self.truth.rate_hz, asleep=True
        )
        return Greeting(status, NOON + end_s(last))


def end_s(frame: Frame) -> float:
    """When the frame's last sample was taken, on the band's clock."""
    return frame.t_first_ms / 1000 + frame.duration_s


@cache
def played(seed: int, total_s: float | None) -> Played:
    """The session that `firmware_sim --seed --total-s` plays."""
    motion = scripted(seed, total_s)
    ring = Ring(100_000)
    Firmware(motion, ring).advance(motion.duration_s + 10)
    frames = (decode_frame(ring.get(seq)) for seq in range(ring.oldest_seq, ring.head_seq))
    return Played(tuple(frames), motion.truth)


@cache
def undisturbed(seed: int, total_s: float | None, band: str = BAND) -> tuple[str, ...]:
    """The facts of the session, folded in one go without a database, a radio or a clock."""
    session = Session(band, 1, SETTINGS)
    events = []
    for frame in played(seed, total_s).frames:
        t_s = frame.t_first_ms / 1000 + frame.offsets_s
        events += session.receive(Block(t_s, BAND_AXES.apply(frame.acc_g)))
    events += session.close()  # as the sleeping band ends it
    return tuple(fact(to_json(event)) for event in events)


def fact(event: str | bytes) -> str:
    """An event without its wall time, which depends on when its frames came."""
    fields: dict[str, Any] = json.loads(event)
    del fields["at"]
    return json.dumps(fields)


def open_home(path: Path) -> tuple[Store, Recorder]:
    """A store and a recorder that goes on where the last one was, as the daemon makes them."""
    store = Store.open(path)
    store.register_band(BAND, ADDRESS, None)
    recorder = Recorder(store, BAND, BAND_AXES, SETTINGS)
    recorder.restart()
    return store, recorder


def resume(path: Path, session: Played) -> int:
    """What a daemon does that finds this history: read the band's ring on, to its sleep.

    Returns how many frames were there.
    """
    store, recorder = open_home(path)
    try:
        cursor = store.cursor(BAND)
        recorder.receive([session.hello()])
        found = 0 if cursor is None else cursor.seq + 1
        recorder.receive([*session.arrivals(found), session.asleep()])
        return found
    finally:
        store.close()


def stored(path: Path) -> list[str]:
    """The event log of a history, in order, each event once."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return [text for (text,) in db.execute("SELECT json FROM events ORDER BY position")]


def faults_of(path: Path) -> list[str]:
    """What SQLite finds wrong with a file; [] when nothing is."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        told = [text for (text,) in db.execute("PRAGMA integrity_check")]
        broken = db.execute("PRAGMA foreign_key_check").fetchall()
    return [*(told if told != ["ok"] else []), *(f"no parent: {row}" for row in broken)]


@dataclass
class Tally:
    """How a log compares with the undisturbed one, event by event."""

    expected: int = 0
    found: int = 0
    lost: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    doubled: int = 0
    disordered: int = 0

    def count(self, log: Sequence[str], facts: Sequence[str]) -> None:
        """Add a log of events, doubles and all, and what it should be."""
        had = Counter(fact(event) for event in log)
        wanted = set(facts)
        self.expected += len(facts)
        self.found += len(wanted & had.keys())
        self.lost += [text for text in facts if text not in had]
        self.strange += [text for text in had if text not in wanted]
        self.doubled += sum(had.values()) - len(had)
        self.disordered += list(_firsts(log)) != [text for text in facts if text in had]

    @property
    def whole(self) -> bool:
        """All there, nothing else, in order; each at least once."""
        return not (self.lost or self.strange or self.disordered)


def _firsts(log: Sequence[str]) -> Iterator[str]:
    yield from dict.fromkeys(fact(event) for event in log)
