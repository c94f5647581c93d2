"""Frames to stored events: the same log whatever breaks in between."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from firmware_sim.firmware import Firmware
from firmware_sim.motion import recording, scripted
from firmware_sim.ring import Ring
from tests.detect.leg import PIGEON, STANDING, Pose, write
from tracker.band_time import WRAP_S
from tracker.bands.arrivals import Arrival, Greeting
from tracker.bands.stretchband import Frame, Status, decode_frame
from tracker.detect.events import (
    Event,
    HoldEnded,
    HoldStarted,
    SessionEnded,
    SessionStarted,
)
from tracker.detect.posture.taught import Lesson, Taught
from tracker.detect.samples import BAND_AXES, Block
from tracker.detect.session import Session, Settings
from tracker.recorder import Outcome, Recorder
from tracker.store import History, Store, StoredCommand, StoreUnavailableError

BAND = "band1"
NOON = 1_795_000_000.0
SETTINGS = Settings(session_gap_s=60.0)
# For what folds it again and again: as many holds, shorter ones, and no straightenings.
RUSHED_S = 160.0
STAND, PIGEON_HELD = Pose(STANDING, 6.0), Pose(PIGEON, 16.0, move_s=3.0)


@cache
def session_frames(total_s: float = 240.0) -> tuple[Frame, ...]:
    """A short session of both legs as the band's ring holds it."""
    motion = scripted(3, total_s)
    ring = Ring(10_000)
    Firmware(motion, ring).advance(motion.duration_s + 10)
    return tuple(decode_frame(ring.get(seq)) for seq in range(ring.oldest_seq, ring.head_seq))


def arrivals(frames: Sequence[Frame]) -> list[Arrival | Greeting]:
    """As a live link brings them: 20 ms after their last sample."""
    return [Arrival(f, NOON + f.t_first_ms / 1000 + f.duration_s + 0.02) for f in frames]


def greeting(frames: Sequence[Frame], *, asleep: bool = False) -> Greeting:
    """The band's word after these frames."""
    last = frames[-1]
    now_s = last.t_first_ms / 1000 + last.duration_s
    status = Status(last.boot_id, round(now_s * 1000), 0, last.seq + 1, 50.0, asleep)
    return Greeting(status, NOON + now_s)


def first_greeting() -> Greeting:
    return Greeting(Status(1, 0, 0, 0, 50.0), NOON)


@dataclass
class Home:
    """A database that outlives its daemons."""

    path: Path

    def open(self) -> tuple[Store, Recorder]:
        store = Store.open(self.path)
        store.register_band(BAND, "F0:F1:F2:F3:F4:01", None)
        recorder = Recorder(store, BAND, BAND_AXES, SETTINGS)
        recorder.restart()
        return store, recorder

    def log(self) -> list[Event]:
        store = Store.open(self.path)
        try:
            return [entry.event for entry in store.outbox("test", 100_000)]
        finally:
            store.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "history.db")


@cache
def undisturbed(batch: int = 16, total_s: float = 240.0) -> list[Event]:
    """The log of a daemon that is left alone."""
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "undisturbed.db")
        store, recorder = home.open()
        coming = arrivals(session_frames(total_s))
        recorder.receive([first_greeting()])
        for first in range(0, len(coming), batch):
            recorder.receive(coming[first : first + batch])
        store.close()
        return home.log()


def without_wall(events: Sequence[Event]) -> list[Event]:
    return [msgspec.structs.replace(event, at=None) for event in events]


def test_the_log_is_what_the_detector_says_of_the_samples(tmp_path: Path) -> None:
    session = Session(BAND, 1, SETTINGS)
    said: list[Event] = []
    for frame in session_frames():
        t_s = frame.t_first_ms / 1000 + frame.offsets_s
        said += session.receive(Block(t_s, frame.acc_g))
    assert without_wall(undisturbed()) == said
    assert sum(isinstance(event, HoldEnded) for event in said) == 8


def test_batches_of_any_size_give_the_same_log(tmp_path: Path) -> None:
    assert undisturbed(1) == undisturbed(100)


@pytest.mark.parametrize("seed", range(3))
def test_a_daemon_killed_again_and_again_gives_the_same_log(
    home: Home, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    coming = arrivals(session_frames(RUSHED_S))
    stored = 0
    while stored < len(coming):
        store, recorder = home.open()
        cursor = store.cursor(BAND)
        assert stored == (0 if cursor is None else cursor.seq + 1)
        recorder.receive([first_greeting()])
        for _ in range(dice.randrange(8)):
            batch = coming[stored : stored + dice.randrange(1, 12)]
            recorder.receive(batch)
            stored += len(batch)
        store.close()
    assert without_wall(home.log()) == without_wall(undisturbed(total_s=RUSHED_S))


def test_a_frame_that_comes_twice_changes_nothing(home: Home, tmp_path: Path) -> None:
    store, recorder = home.open()
    recorder.receive([first_greeting()])
    for arrival in arrivals(session_frames()):
        recorder.receive([arrival, arrival])
    assert recorder.backwards == len(session_frames())
    store.close()
    assert home.log() == undisturbed()


def test_events_carry_the_wall_time_of_their_sample(tmp_path: Path) -> None:
    for event in undisturbed():
        assert event.at is not None
        off_s = datetime.fromisoformat(event.at).timestamp() - (NOON + event.t_s)
        assert abs(off_s) < 0.05


def hold_under_way() -> int:
    """The index of a frame in the middle of the first hold."""
    session = Session(BAND, 1, SETTINGS)
    for i, frame in enumerate(session_frames()):
        t_s = frame.t_first_ms / 1000 + frame.offsets_s
        if any(isinstance(e, HoldStarted) for e in session.receive(Block(t_s, frame.acc_g))):
            return i + 10
    raise AssertionError("no hold in the session")


def rebooted(frames: Sequence[Frame], boot_id: int) -> list[Frame]:
    """The same motion on a clock that began again, further on in the ring."""
    first_ms = frames[0].t_first_ms
    return [replace(f, boot_id=boot_id, t_first_ms=f.t_first_ms - first_ms) for f in frames]


def test_a_band_that_reboots_in_a_hold_ends_it_at_its_last_sample(home: Home) -> None:
    middle = hold_under_way()
    before, after = session_frames()[:middle], session_frames()[middle:]
    store, recorder = home.open()
    recorder.receive([first_greeting(), *arrivals(before)])
    recorder.receive(arrivals(rebooted(after, 2)))
    store.close()
    ends = [event for event in home.log() if isinstance(event, HoldEnded)]
    assert ends[0].reason == "reboot"
    last = before[-1]
    assert ends[0].end_s == pytest.approx(last.t_first_ms / 1000 + last.offsets_s[-1], abs=0.002)
    assert all("-0002-" in event.event_id for event in ends[1:])


def test_a_sleeping_band_ends_the_session_and_a_restart_does_not_end_it_twice(home: Home) -> None:
    middle = hold_under_way()
    frames = session_frames()[:middle]
    store, recorder = home.open()
    recorder.receive([first_greeting(), *arrivals(frames), greeting(frames, asleep=True)])
    recorder.receive([greeting(frames, asleep=True)])
    store.close()
    log = home.log()
    assert [type(event) for event in log[-2:]] == [HoldEnded, SessionEnded]
    store, recorder = home.open()
    recorder.receive([greeting(frames, asleep=True)])
    store.close()
    assert home.log() == log


def test_after_sleep_a_new_session_begins_also_across_a_restart(home: Home) -> None:
    middle = hold_under_way()
    before = session_frames()[:middle]
    later = [
        replace(f, seq=f.seq + 1, t_first_ms=f.t_first_ms + 3_600_000)
        for f in session_frames()[middle:]
    ]
    store, recorder = home.open()
    recorder.receive([first_greeting(), *arrivals(before), greeting(before, asleep=True)])
    store.close()
    store, recorder = home.open()
    recorder.receive(arrivals(later[: len(later) // 2]))
    store.close()
    store, recorder = home.open()
    recorder.receive(arrivals(later[len(later) // 2 :]))
    store.close()
    log = home.log()
    assert sum(isinstance(event, SessionStarted) for event in log) == 2
    assert len({event.event_id for event in log}) == len(log)
    assert not any(event.event_id.endswith("-gap") for event in log)


def test_a_hold_ended_by_the_wearer_stays_ended_after_a_restart(home: Home) -> None:
    middle = hold_under_way()
    coming = arrivals(session_frames())
    store, recorder = home.open()
    recorder.receive([first_greeting(), *coming[:middle]])
    said = recorder.command("pain", '{"note": "left knee"}').events
    assert [e.reason for e in said if isinstance(e, HoldEnded)] in (["pain"], [])
    store.close()
    log = home.log()
    store, recorder = home.open()
    assert [event.event_id for event in recorder.receive([]).events] == []
    store.close()
    assert home.log() == log


def test_a_word_to_a_band_that_was_never_heard_is_kept_and_blocks_nothing(
    home: Home, tmp_path: Path
) -> None:
    store, recorder = home.open()
    assert recorder.command("note", "new band").events == []
    store.close()
    store, recorder = home.open()
    coming = arrivals(session_frames())
    recorder.receive([first_greeting(), *coming[:200]])
    store.close()
    store, recorder = home.open()
    recorder.receive(coming[200:])
    assert [c.payload for c in store.commands(BAND, None)] == ["new band"]
    store.close()
    assert without_wall(home.log()) == without_wall(undisturbed())


def test_a_side_said_by_the_wearer_holds_over_sleep_and_restart(home: Home) -> None:
    middle = hold_under_way() - 10
    frames = session_frames()
    store, recorder = home.open()
    recorder.receive([first_greeting(), *arrivals(frames[: middle // 2])])
    recorder.command("side", "right")
    recorder.receive(
        [*arrivals(frames[middle // 2 : middle]), greeting(frames[:middle], asleep=True)]
    )
    store.close()
    store, recorder = home.open()
    recorder.receive(arrivals(frames[middle:]))
    store.close()
    ends = [event for event in home.log() if isinstance(event, HoldEnded)]
    assert {event.side for event in ends} == {"right"}
    store, recorder = home.open()
    recorder.command("side", "auto")
    store.close()


def pigeon_frames(folder: Path) -> list[Frame]:
    """From standing four times into a posture that no known stretch is."""
    motion = recording(write(folder / "pigeon.csv", (STAND, *((PIGEON_HELD, STAND) * 4))))
    ring = Ring(10_000)
    Firmware(motion, ring).advance(motion.duration_s + 1)
    return [decode_frame(ring.get(seq)) for seq in range(ring.oldest_seq, ring.head_seq)]


@pytest.mark.parametrize("life", [10_000, 37, 8])
def test_what_was_learnt_is_known_from_then_on_however_often_the_daemon_is_killed(
    home: Home, tmp_path: Path, life: int
) -> None:
    frames = pigeon_frames(tmp_path)
    store, recorder = home.open()
    recorder.teach(Lesson("pigeon", "left"))
    learnt: list[Taught] = []
    for number, arrival in enumerate([first_greeting(), *arrivals(frames)]):
        if learnt and number % life == 0:
            store.close()
            store, recorder = home.open()
            assert list(recorder.taught) == learnt
        outcome = recorder.receive([arrival])
        if isinstance(outcome.lesson, Taught):
            learnt.append(outcome.lesson)
    recorder.command("forget", "pigeon")
    store.close()
    store, recorder = home.open()
    assert recorder.taught == ()
    store.close()
    assert len(learnt) == 1
    holds = [event for event in home.log() if isinstance(event, HoldEnded)]
    assert [(hold.stretch, hold.side) for hold in holds] == [("pigeon", "left")] * 3


def test_a_lesson_that_finds_nothing_says_why_and_is_over(home: Home, tmp_path: Path) -> None:
    frames = pigeon_frames(tmp_path)
    store, recorder = home.open()
    recorder.teach(Lesson("pigeon", None, patience_s=5.0))
    outcomes = [recorder.receive([one]).lesson for one in [first_greeting(), *arrivals(frames)]]
    store.close()
    (said,) = filter(None, outcomes)
    assert str(said) == "pigeon was not learnt: no posture was held for 10 s after a rest"
    assert not any(isinstance(event, HoldEnded) for event in home.log())


def test_a_lesson_that_begins_while_the_last_one_cannot_be_written_is_learnt(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, recorder = home.open()
    recorder.teach(Lesson("pigeon", None))
    add, refused = store.add, list[int]()

    def full_once(*what: Any, commands: Sequence[StoredCommand] = (), **more: Any) -> None:
        if commands and not refused:
            refused.append(1)
            raise StoreUnavailableError("full")
        add(*what, commands=commands, **more)

    monkeypatch.setattr(store, "add", full_once)
    learnt: list[Taught] = []
    for arrival in [first_greeting(), *arrivals(pigeon_frames(tmp_path))]:
        batch = [arrival]
        try:
            outcome = recorder.receive(batch)
        except StoreUnavailableError:
            recorder.teach(Lesson("dove", "left"))
            outcome = recorder.receive(batch)
        if isinstance(outcome.lesson, Taught):
            learnt.append(outcome.lesson)
    store.close()
    assert [one.name for one in learnt] == ["pigeon", "dove"]


def test_a_band_clock_past_49_days_goes_on(home: Home) -> None:
    ahead_ms = 2**32 - 100_000
    frames = [replace(f, t_first_ms=(f.t_first_ms + ahead_ms) % 2**32) for f in session_frames()]
    store, recorder = home.open()
    for arrival in arrivals(frames):
        recorder.receive([arrival])
    assert recorder.backwards == 0
    store.close()
    ends = [event for event in home.log() if isinstance(event, HoldEnded)]
    assert len(ends) == 8
    assert ends[-1].end_s > WRAP_S


def test_a_clock_that_goes_backwards_is_counted_and_not_believed(home: Home) -> None:
    frames = list(session_frames()[:40])
    frames[30] = replace(frames[30], t_first_ms=frames[30].t_first_ms - 10_000)
    store, recorder = home.open()
    recorder.receive(arrivals(frames))
    assert recorder.backwards == 1
    store.close()


@dataclass
class Host:
    """This machine, whose wall clock may be set and which may be started again."""

    set_s: float = 0.0
    steady_zero: float = NOON - 500.0

    def brings(self, frames: Sequence[Frame]) -> list[Arrival | Greeting]:
        return [
            Arrival(f, one.host_s + self.set_s, self.steady_zero + self.set_s)
            for f, one in zip(frames, arrivals(frames), strict=True)
        ]

    def greets(self, frames: Sequence[Frame], *, asleep: bool = False) -> Greeting:
        word = greeting(frames, asleep=asleep) if frames else first_greeting()
        return replace(word, host_s=word.host_s + self.set_s, ahead_s=self.steady_zero + self.set_s)


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 365 * 86400.0, -365 * 86400.0])
def test_a_clock_set_in_a_hold_dates_what_comes_after_and_tears_no_interval(
    home: Home, step_s: float
) -> None:
    frames, middle, host = session_frames(), hold_under_way(), Host()
    store, recorder = home.open()
    recorder.receive([host.greets([]), *host.brings(frames[:middle])])
    host.set_s = step_s
    recorder.receive([*host.brings(frames[middle:]), host.greets(frames, asleep=True)])
    store.close()
    set_at_s = frames[middle].t_first_ms / 1000
    for event in home.log():
        assert event.at is not None
        off_s = datetime.fromisoformat(event.at).timestamp() - (NOON + event.t_s)
        assert abs(off_s - (step_s if event.t_s > set_at_s else 0.0)) < 0.05
    with History.open(home.path) as history:
        for kind in ("holds", "sessions"):
            rows = list(
                history.rows(
                    f"SELECT started_at, ended_at, end_s - start_s FROM {kind}"  # noqa: S608
                    " WHERE end_s IS NOT NULL",
                    (),
                )
            )
            assert len(rows) == {"holds": 8, "sessions": 1}[kind]
            for started_at, ended_at, length_s in rows:
                begun, ended = map(datetime.fromisoformat, (started_at, ended_at))
                assert (ended - begun).total_seconds() == pytest.approx(length_s, abs=0.0025)


def test_events_found_again_after_a_kill_have_the_times_they_had(home: Home) -> None:
    frames, middle, host = session_frames(), hold_under_way(), Host()
    store, recorder = home.open()
    recorder.receive([host.greets([]), *host.brings(frames[: middle - 20])])
    host.set_s = 3600.0
    recorder.receive(host.brings(frames[middle - 20 :]))
    again = Recorder(store, BAND, BAND_AXES, SETTINGS).restart()
    store.close()
    log = home.log()
    assert without_wall(again) == without_wall(log)
    for one, other in zip(again, log, strict=True):
        found, told = (datetime.fromisoformat(event.at or "") for event in (one, other))
        assert abs((found - told).total_seconds()) < 0.05


class Refusing:
    """The disk is full for a while: what is added is refused, or refused after it was written."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        self._add, self._dice = store.add, dice
        self.refused = 0

    def add(self, *args: Any, **kwargs: Any) -> list[int]:
        lot = self._dice.random()
        if lot < 0.6:
            if lot < 0.2:  # power is lost after the transaction and before its answer
                self._add(*args, **kwargs)
            self.refused += 1
            raise StoreUnavailableError("full")
        return self._add(*args, **kwargs)


def given_until_taken(give: Callable[[], Outcome]) -> Outcome:
    while True:
        try:
            return give()
        except StoreUnavailableError:
            pass


@pytest.mark.parametrize("seed", range(3))
def test_what_the_store_refused_and_is_given_again_is_there_once(
    home: Home, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    store, recorder = home.open()
    refusing = Refusing(store, dice)
    monkeypatch.setattr(store, "add", refusing.add)
    coming = [first_greeting(), *arrivals(session_frames(RUSHED_S))]
    told: list[Event] = []

    def give(batch: list[Arrival | Greeting]) -> Outcome:
        """The same again, or a copy, which is folded anew."""
        return recorder.receive(batch if dice.random() < 0.7 else batch.copy())

    while coming:
        batch = [coming.pop(0) for _ in range(min(len(coming), dice.randrange(1, 64)))]
        outcome = given_until_taken(lambda batch=batch: give(batch))  # type: ignore[misc]
        told += [*outcome.again, *outcome.events]
    for note in ("one", "two"):
        given_until_taken(lambda note=note: recorder.command("note", note))  # type: ignore[misc]
    assert refusing.refused > 3
    said = [command.payload for command in store.commands(BAND, None)]
    assert set(said) == {"one", "two"}
    store.close()
    assert without_wall(home.log()) == without_wall(undisturbed(total_s=RUSHED_S))
    assert {event.event_id for event in told} == {event.event_id for event in home.log()}


def test_what_only_could_not_be_written_is_not_folded_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, recorder = home.open()
    frames = session_frames()
    coming = [first_greeting(), *arrivals(frames), greeting(frames, asleep=True)]
    with monkeypatch.context() as full:
        full.setattr(store, "add", lambda *_args, **_kwargs: refuse())
        full.setattr(store, "frames", lambda *_args: pytest.fail("folded again"))
        for _ in range(3):
            with pytest.raises(StoreUnavailableError):
                recorder.receive(coming)
    outcome = recorder.receive(coming)
    assert (outcome.again, recorder.backwards) == ([], 0)
    store.close()
    assert home.log() == outcome.events
    *before, ended = without_wall(outcome.events)
    assert before == without_wall(undisturbed())
    assert isinstance(ended, SessionEnded)


def refuse() -> None:
    raise StoreUnavailableError("full")
