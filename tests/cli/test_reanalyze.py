"""`stretchband reanalyze`: today's detector over all stored frames; nothing stored is lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.firmware import Firmware
from firmware_sim.motion import recording
from firmware_sim.ring import Ring
from tests.cli.inside import Done, Run
from tests.cli.inside import run as run  # noqa: PLC0414 - a fixture
from tracker import reanalysis
from tracker.bands.arrivals import Arrival, Greeting
from tracker.bands.stretchband import Frame, Status, decode_frame
from tracker.config import Config
from tracker.detect.events import STANDING_QUAD, HoldStarted
from tracker.detect.posture.taught import FORGET, TAUGHT, Taught, to_json
from tracker.detect.samples import BAND_AXES
from tracker.detect.session import Settings
from tracker.recorder import Recorder
from tracker.store import Store, StoredCommand
from tracker.store.corrections import Correction, correct
from tracker.store.times import unix

RECORDING = Path(__file__).parents[1] / "detect" / "recordings" / "short-0.csv.gz"
BAND, ADDRESS, NOON = "band1", "F0:F1:F2:F3:F4:01", 1_795_000_000.0
DERIVED = ("events", "sessions", "holds", "breaths", "corrections", "outbox_cursors")
KEPT = ("bands", "frames", "commands", "clock_points", "clock_settings", "announcements")
Rows = list[tuple[Any, ...]]


@pytest.fixture
def reanalyze(run: Run) -> Run:
    return partial(run, "reanalyze")


@cache
def frames() -> tuple[Frame, ...]:
    """The recording as the band's ring holds it."""
    motion = recording(RECORDING)
    ring = Ring(100_000)
    Firmware(motion, ring).advance(motion.duration_s + 10)
    return tuple(decode_frame(ring.get(seq)) for seq in range(ring.oldest_seq, ring.head_seq))


def end_s(frame: Frame) -> float:
    return frame.t_first_ms / 1000 + frame.duration_s


def arrivals(of: Sequence[Frame], day: int = 0) -> list[Arrival | Greeting]:
    return [Arrival(frame, NOON + day * 86400.0 + end_s(frame) + 0.02) for frame in of]


def word(last: Frame | None, boot_id: int = 1, day: int = 0, *, asleep: bool = False) -> Greeting:
    now_s = 0.0 if last is None else end_s(last)
    head = 0 if last is None else last.seq + 1
    status = Status(boot_id, round(now_s * 1000), 0, head, 50.0, asleep)
    return Greeting(status, NOON + day * 86400.0 + now_s)


def daemon(store: Store) -> Recorder:
    """As `stretchband run` begins, with the defaults of the config."""
    store.register_band(BAND, ADDRESS, None)
    recorder = Recorder(store, BAND, BAND_AXES, Settings())
    recorder.restart()
    return recorder


def two_evenings(path: Path) -> None:
    """The recording on two days, with what the wearer says in between and meanwhile."""
    first = frames()
    second = [replace(f, boot_id=2, seq=f.seq + len(first)) for f in first]
    store = Store.open(path)
    recorder = daemon(store)
    recorder.receive([word(None)])
    coming = iter(arrivals(first))
    # The first hold that lasts long enough to be ended by a word.
    for arrival in coming:
        begun = recorder.receive([arrival]).events
        if any(isinstance(one, HoldStarted) and one.stretch == STANDING_QUAD for one in begun):
            break
    recorder.receive(list(islice(coming, 20)))
    recorder.command("pain", "7")
    recorder.command("note", "by the window")
    recorder.receive([*coming, word(first[-1], asleep=True)])
    # A daemon that begins beside a sleeping band knows no clock when it is told something.
    recorder = daemon(store)
    recorder.command("side", "left")
    recorder.receive([word(None, 2, 1), *arrivals(second, 1), word(second[-1], 2, 1, asleep=True)])
    store.close()


@pytest.fixture(scope="module")
def evenings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evenings") / "history.db"
    two_evenings(path)
    return path


@pytest.fixture
def history(evenings: Path, tmp_path: Path) -> Path:
    """A history of its own for each test."""
    path = tmp_path / "history.db"
    shutil.copyfile(evenings, path)
    return path


def rows(path: Path, sql: str, *parameters: object) -> Rows:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql, parameters).fetchall()


def table(path: Path, name: str) -> Rows:
    return sorted(rows(path, f"SELECT * FROM {name}"), key=repr)  # noqa: S608 - our own tables


def measured(path: Path) -> tuple[Rows, ...]:
    """Everything that was found, but its wall times, and where in the log."""
    return (
        rows(path, "SELECT event_id, json_remove(json, '$.at') FROM events ORDER BY event_id"),
        rows(path, "SELECT session_id, start_s, end_s, reps, holds FROM sessions ORDER BY 1"),
        [row[:8] + row[10:] for row in table(path, "holds")],
        [row[:5] + row[6:] for row in table(path, "breaths")],
    )


def wall_s(path: Path) -> list[float]:
    times = rows(path, "SELECT at FROM events ORDER BY event_id")
    times += rows(path, "SELECT started_at FROM holds ORDER BY hold_id")
    return [unix(at) for (at,) in times]


def files(folder: Path) -> set[str]:
    """But those that SQLite makes beside a file in use, also for who only reads it."""
    return {one.name for one in folder.iterdir() if not one.name.endswith(("-wal", "-shm"))}


def unsent(path: Path) -> list[str]:
    store = Store.open(path)
    try:
        return [entry.event.event_id for entry in store.outbox("mqtt", 100_000)]
    finally:
        store.close()


def change(path: Path, *statements: str, **names: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            db.execute(statement, names)


def acknowledge(path: Path, but: int = 0) -> None:
    """The broker had all events but the last few."""
    store = Store.open(path)
    log = [entry.position for entry in store.outbox("mqtt", 100_000)]
    store.acknowledge("mqtt", log[-1 - but])
    store.close()


def hold_ids(path: Path) -> list[str]:
    return [name for (name,) in rows(path, "SELECT hold_id FROM holds ORDER BY started_at")]


def as_an_older_detector(path: Path) -> tuple[str, str]:
    """It saw one hold half a second late and another not at all: their ids, as they truly are."""
    late, missed = hold_ids(path)[1:3]
    moved = f"{late[:-9]}{int(late[-9:]) + 500:09d}"
    change(
        path,
        "UPDATE holds SET hold_id = :moved, start_s = start_s + 0.5,"
        " duration_s = duration_s - 0.5 WHERE hold_id = :late",
        "UPDATE breaths SET hold_id = :moved WHERE hold_id = :late",
        "UPDATE events SET hold_id = :moved, event_id = event_id || '-old', json ="
        " replace(replace(json, :late, :moved), event_id || '\"', event_id || '-old\"')"
        " WHERE hold_id = :late",
        "DELETE FROM breaths WHERE hold_id = :missed",
        "DELETE FROM holds WHERE hold_id = :missed",
        "DELETE FROM events WHERE hold_id = :missed",
        moved=moved,
        late=late,
        missed=missed,
    )
    return moved, missed


def test_the_same_detector_finds_the_same_and_sends_nothing(
    reanalyze: Run, history: Path, tmp_path: Path
) -> None:
    acknowledge(history, but=3)
    waiting, out = unsent(history), tmp_path / "new" / "new.db"
    assert len(waiting) == 3
    before = history.read_bytes()
    done = reanalyze("--db", history, "--out", out)
    assert (done.status, done.err) == (0, "")
    assert history.read_bytes() == before
    holds = len(hold_ids(history))
    assert f"  {holds} the same, 0 changed, 0 new, 0 gone\n" in done.out
    assert holds >= 4
    assert out.stat().st_mode & 0o777 == 0o600
    for name in (*DERIVED, *KEPT, "resume_points"):
        assert table(out, name) == table(history, name), name
    assert unsent(out) == waiting


def test_what_an_older_detector_missed_is_found_and_its_corrections_go_along(
    reanalyze: Run, history: Path, tmp_path: Path
) -> None:
    truly, when, first = measured(history), wall_s(history), hold_ids(history)[0]
    late, (moved, missed) = hold_ids(history)[1], as_an_older_detector(history)
    assert measured(history) != truly
    correct(history, first, Correction(side="left"))
    correct(history, moved, Correction("splits", "right", note="the other one"))
    acknowledge(history, but=2)
    waiting, out = unsent(history), tmp_path / "new.db"
    done = reanalyze("--db", history, "--out", out)
    assert done.status == 0
    assert measured(out) == truly
    # What is new is dated by all that is known of the clock by now.
    assert wall_s(out) == pytest.approx(when, abs=0.05)
    assert missed in hold_ids(out)
    assert "1 changed, 1 new, 0 gone" in done.out
    assert "corrections: 1 where they were, 1 moved along with their hold, 0 without" in done.out
    words = {row[0]: row[1:5] for row in table(out, "corrections")}
    assert words == {first: (None, "left", 0, None), late: ("splits", "right", 0, "the other one")}
    assert unsent(out) == waiting


def test_a_corrected_hold_that_is_found_no_more_stays_with_its_word(
    reanalyze: Run, history: Path, tmp_path: Path
) -> None:
    name = f"{BAND}-0001-000000010"
    change(
        history,
        "INSERT INTO holds (hold_id, band_id, boot_id, stretch, side, start_s, end_s, duration_s,"
        " started_at) SELECT :name, band_id, boot_id, stretch, side, 0.01, 1.5, 1.49, started_at"
        " FROM holds WHERE boot_id = 1 LIMIT 1",
        "INSERT INTO breaths VALUES (:name, 1, 0.1, 0.2, 0.3, NULL, 1.0)",
        "INSERT INTO events (event_id, band_id, event, t_s, hold_id, json)"
        " SELECT :name || '-hold_started', band_id, event, 0.01, :name,"
        " replace(replace(json, event_id, :name || '-hold_started'), hold_id, :name)"
        " FROM events WHERE event = 'hold_started' LIMIT 1",
        name=name,
    )
    doubtful = hold_ids(history)
    uncorrected = tmp_path / "uncorrected.db"
    assert "0 new, 1 gone" in reanalyze("--db", history, "--out", uncorrected).out
    assert hold_ids(uncorrected) == [one for one in doubtful if one != name]
    correct(history, name, Correction("splits"))
    out = tmp_path / "new.db"
    done = reanalyze("--db", history, "--out", out)
    assert "0 new, 0 gone" in done.out
    assert "1 hold with such a correction kept" in done.out
    assert sorted(hold_ids(out)) == sorted(doubtful)
    for sql in (
        "SELECT hold_id, start_s, end_s FROM holds WHERE hold_id = ?",
        "SELECT * FROM breaths WHERE hold_id = ?",
        "SELECT * FROM corrections WHERE hold_id = ?",
        "SELECT * FROM events WHERE hold_id = ?",
    ):
        assert rows(out, sql, name) == rows(history, sql, name) != []
    assert rows(out, "PRAGMA foreign_key_check") == []


def test_new_events_are_behind_the_cursor_and_the_next_one_is_sent(
    reanalyze: Run, history: Path, tmp_path: Path
) -> None:
    as_an_older_detector(history)
    out = tmp_path / "new.db"
    # Nothing was ever acknowledged: what waited still waits.
    reanalyze("--db", history, "--out", out)
    new = {name for (name,) in rows(out, "SELECT event_id FROM events")}
    old = {name for (name,) in rows(history, "SELECT event_id FROM events")}
    assert set(unsent(out)) == new & old
    store = Store.open(out)
    third = [replace(f, boot_id=3, seq=f.seq + 2 * len(frames())) for f in frames()]
    recorder = daemon(store)
    said = recorder.receive([word(None, 3, 2), *arrivals(third, 2)]).events
    store.close()
    assert unsent(out)[-len(said) :] == [event.event_id for event in said]


def test_what_the_wearer_said_is_obeyed_when_it_was_said(
    reanalyze: Run, history: Path, tmp_path: Path
) -> None:
    sides = rows(history, "SELECT boot_id, side, reason FROM holds ORDER BY started_at")
    assert {side for boot, side, _ in sides if boot == 2} == {"left"}
    assert {side for boot, side, _ in sides if boot == 1} - {"left"}
    assert [reason for *_, reason in sides].count("pain") == 1
    out = tmp_path / "new.db"
    reanalyze("--db", history, "--out", out)
    assert rows(out, "SELECT boot_id, side, reason FROM holds ORDER BY started_at") == sides
    names = [name for (name,) in rows(out, "SELECT name FROM commands ORDER BY id")]
    assert names == ["pain", "note", "asleep", "side", "asleep"]


def test_a_posture_is_known_from_its_lesson_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    store = Store.open(path)
    recorder = daemon(store)
    last = frames()[-1]
    recorder.receive([word(None), *arrivals(frames()), word(last, asleep=True)])
    recorder = daemon(store)
    taught = Taught("pigeon", None, (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
    recorder.command(TAUGHT, to_json(taught))
    refolded = Recorder(store, BAND, BAND_AXES, Settings())
    known = [refolded.taught for _ in refolded.refold()]
    assert known[-1] == (taught,)  # said to a sleeping band, after its last sample
    assert set(known[:-1]) == {()}
    recorder.command(FORGET, "pigeon")
    assert [refolded.taught for _ in refolded.refold()][-1] == ()
    assert StoredCommand(0, 0.0, FORGET, "pigeon") in store.commands(BAND, None)
    store.close()


def test_without_out_it_compares_and_writes_nothing(reanalyze: Run, history: Path) -> None:
    as_an_older_detector(history)
    before, beside = history.read_bytes(), files(history.parent)
    done = reanalyze("--db", history)
    assert "1 changed, 1 new, 0 gone" in done.out
    assert "  -0.50  " in done.out
    assert "Nothing was written" in done.out
    assert history.read_bytes() == before
    assert files(history.parent) == beside


def test_a_file_that_is_there_is_refused(reanalyze: Run, history: Path) -> None:
    before = history.read_bytes()
    done = reanalyze("--db", history, "--out", history)
    assert done == Done(
        2, "", f"stretchband: {history} is there already; name a file that is not\n"
    )
    assert history.read_bytes() == before


def test_one_band_is_looked_through_and_an_unknown_one_is_told(
    reanalyze: Run, history: Path
) -> None:
    assert "0 changed, 0 new, 0 gone" in reanalyze("--db", history, "--band", BAND).out
    assert 'no band "nobody"' in reanalyze("--db", history, "--band", "nobody").err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), RuntimeError("a bug")])
def test_ended_half_way_it_leaves_no_half_file(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def end(*_: object) -> None:
        raise error

    before, beside = history.read_bytes(), files(tmp_path)
    monkeypatch.setattr(reanalysis, "rewrite", end)
    with pytest.raises(type(error)):
        reanalysis.reanalyze(history, tmp_path / "new.db", Config(), None, lambda *_: None)
    assert history.read_bytes() == before
    assert files(tmp_path) == beside


def test_beside_a_daemon_it_says_that_the_new_file_is_behind(
    reanalyze: Run, history: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new.db"
    store = Store.open(history)
    done = reanalyze("--db", history, "--out", out)
    store.close()
    assert done.status == 0
    assert f"stop `stretchband run`, remove {out} and do this again" in done.out
    assert table(out, "holds") == table(history, "holds")
    again = tmp_path / "again.db"
    assert "before `stretchband run` starts again" in reanalyze("--db", history, "--out", again).out
