"""The store keeps what it is given, once, and every consumer's place in it."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.store.filling import ADDRESS, BAND, START, Told, frame, new_store
from tracker.bands.reader import Cursor
from tracker.bands.stretchband import encode_frame
from tracker.clock import ClockNews, ClockPoint, Setting
from tracker.detect.events import Event
from tracker.store import Resume, Store, StoredCommand


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = new_store(tmp_path / "history.db")
    yield opened
    opened.close()


def sequences(store: Store, since: Resume | None) -> list[tuple[int, int]]:
    return [(f.frame.boot_id, f.frame.seq) for f in store.frames(BAND, since)]


def test_frames_come_back_as_they_were_received(store: Store) -> None:
    written = [frame(seq) for seq in range(1200)]  # more than are read at once
    store.add(BAND, written, [], None)
    read = list(store.frames(BAND, None))
    assert [encode_frame(f.frame) for f in read] == [encode_frame(f.frame) for f in written]
    assert [(f.t_first_s, f.received_s) for f in read] == [
        (f.t_first_s, f.received_s) for f in written
    ]
    assert np.array_equal(read[7].frame.counts, written[7].frame.counts)


def test_frames_of_one_band_are_not_those_of_another(tmp_path: Path) -> None:
    store = new_store(tmp_path / "history.db", BAND, "band2")
    store.add(BAND, [frame(1), frame(2)], [], None)
    store.add("band2", [frame(1)], [], None)
    assert sequences(store, None) == [(1, 1), (1, 2)]
    assert store.cursor("band2") == Cursor(1, 1)
    store.close()


def test_the_cursor_is_the_last_frame_stored_also_after_a_reboot(store: Store) -> None:
    assert store.cursor(BAND) is None
    store.add(BAND, [frame(8), frame(9)], [], None)
    assert store.cursor(BAND) == Cursor(1, 9)
    store.add(BAND, [frame(10, boot_id=2)], [], None)
    assert store.cursor(BAND) == Cursor(2, 10)
    store.add(BAND, [frame(8), frame(9)], [], None)  # sent twice: nothing new
    assert store.cursor(BAND) == Cursor(2, 10)


def test_writing_the_same_again_changes_nothing(store: Store) -> None:
    frames, events = [frame(0), frame(1)], Told().session(100.0)
    first = store.add(BAND, frames, events, Resume(1, 1, 0.5))
    before = dump(store.path)
    assert len(first) == len(events)
    assert store.add(BAND, frames, events, Resume(1, 1, 0.5)) == []
    assert dump(store.path) == before


def test_only_new_events_get_a_position_and_positions_rise(store: Store) -> None:
    events = Told().session(100.0)
    first = store.add(BAND, [], events[:3], None)
    rest = store.add(BAND, [], events, None)
    assert len(first) == 3
    assert len(rest) == len(events) - 3
    assert first + rest == sorted(set(first + rest))


def test_all_of_an_add_is_stored_or_nothing(store: Store) -> None:
    def events() -> list[Event]:
        return [Told().hold_started(5.0), Told(band_id="unheard-of").hold_started(6.0)]

    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.add(BAND, [frame(0)], events(), Resume(1, 0, 0.0))
    assert store.cursor(BAND) is None
    assert store.resume(BAND) is None
    assert store.outbox("mqtt", 10) == []
    assert len(store.add(BAND, [frame(0)], events()[:1], None)) == 1


def test_the_resume_point_stays_until_it_is_moved(store: Store) -> None:
    assert store.resume(BAND) is None
    store.add(BAND, [frame(0)], [], Resume(1, 0, 0.25))
    store.add(BAND, [frame(1)], [], None)
    assert store.resume(BAND) == Resume(1, 0, 0.25)
    store.add(BAND, [], [], Resume(2, 7, 3.5))
    assert store.resume(BAND) == Resume(2, 7, 3.5)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (Resume(1, 0, 0.0), [(1, 0), (1, 1), (1, 2), (2, 3), (2, 4)]),
        (Resume(1, 2, 1.0), [(1, 2), (2, 3), (2, 4)]),
        (Resume(2, 3, 0.0), [(2, 3), (2, 4)]),  # the first after a reboot
        (Resume(2, 4, 0.5), [(2, 4)]),
        (Resume(2, 5, 1.0), []),  # the next frame, which is still to come
    ],
)
def test_frames_are_folded_again_from_the_resume_point(
    store: Store, since: Resume, expected: list[tuple[int, int]]
) -> None:
    store.add(BAND, [frame(seq) for seq in range(3)], [], None)
    store.add(BAND, [frame(seq, boot_id=2) for seq in (3, 4)], [], None)
    assert sequences(store, since) == expected


def test_frames_after_the_resume_point_are_all_read_when_those_before_are_gone(
    store: Store,
) -> None:
    store.add(BAND, [frame(seq) for seq in range(5, 8)], [], None)
    assert sequences(store, Resume(1, 5, 0.0)) == [(1, 5), (1, 6), (1, 7)]


def test_frames_can_be_read_slowly_while_more_are_written(store: Store) -> None:
    store.add(BAND, [frame(seq) for seq in range(600)], [], None)
    reading = store.frames(BAND, None)
    first = next(reading)
    store.add(BAND, [frame(600)], [], None)
    assert first.frame.seq == 0
    assert sum(1 for _ in reading) == 600


def test_each_consumer_reads_the_outbox_from_its_own_place(store: Store) -> None:
    events = Told().session(100.0)
    positions = store.add(BAND, [], events, None)
    assert [entry.event for entry in store.outbox("mqtt", 100)] == events
    store.acknowledge("mqtt", positions[2])
    assert [entry.position for entry in store.outbox("mqtt", 2)] == positions[3:5]
    assert store.outbox_depth("mqtt") == len(events) - 3
    assert store.outbox_depth("other") == len(events)
    store.acknowledge("mqtt", positions[0])  # an old answer moves nothing back
    assert store.outbox_depth("mqtt") == len(events) - 3


def test_an_entry_says_when_it_was_and_none_without_a_wall_clock(store: Store) -> None:
    dated, undated = Told().hold_started(5.0), Told(offset_s=None, boot_id=2).hold_started(5.0)
    store.add(BAND, [], [dated, undated], None)
    assert [entry.at_s for entry in store.outbox("mqtt", 2)] == [START + 7.5, None]


def test_the_outbox_survives_closing(store: Store) -> None:
    positions = store.add(BAND, [], Told().session(100.0), None)
    store.acknowledge("mqtt", positions[4])
    store.close()
    again = Store.open(store.path)
    assert [entry.position for entry in again.outbox("mqtt", 1)] == positions[5:6]
    again.close()


def test_a_clock_keeps_the_last_word_on_each_minute_and_each_moment(store: Store) -> None:
    of_one: list[ClockNews] = [
        Setting(0.0, 1000.0, 0, "a"),
        Setting(65.0, 4600.0, 0, "a"),
        Setting(65.0, 4700.0, 0, "a"),
        *(ClockPoint(10.0, 5.2), ClockPoint(30.0, 5.1), ClockPoint(61.0, 5.3)),
    ]
    store.add(BAND, [], [], None, clocks=[(1, news) for news in of_one])
    store.add(BAND, [], [], None, clocks=[(2, Setting(0.0)), (2, ClockPoint(1.0, 9.0))])
    clock = store.clock(BAND, 1)
    assert [clock.wall_s(20.0), clock.wall_s(70.0)] == [1025.1, 4775.1]
    assert store.clock(BAND, 2).wall_s(5.0) == 14.0
    assert store.clock(BAND, 3).wall_s(1.0) is None


def test_commands_are_replayed_with_the_frames_they_belong_to(store: Store) -> None:
    old, early = StoredCommand(1, 9.0, "end", None), StoredCommand(2, 1.0, "side", "left")
    late, newest = StoredCommand(2, 1.9, "pain", ""), StoredCommand(3, 0.2, "end", None)
    store.add(BAND, [frame(0), frame(1, boot_id=2), frame(2, boot_id=2)], [], None)
    for command in (old, early, late, newest):  # the newest before any frame of its boot
        store.add(BAND, [], [], None, commands=[command])
    assert store.commands(BAND, Resume(2, 2, 1.5)) == [late, newest]
    assert store.commands(BAND, Resume(2, 1, 0.0)) == [early, late, newest]
    assert store.commands(BAND, None) == [old, early, late, newest]


def test_a_band_registered_again_keeps_its_frames(store: Store) -> None:
    store.add(BAND, [frame(0)], [], None)
    store.register_band(BAND, ADDRESS, "left ankle", "-z,+x,-y")
    assert store.cursor(BAND) == Cursor(1, 0)


def test_another_thread_may_use_the_store(store: Store) -> None:
    done: list[list[int]] = []
    worker = threading.Thread(
        target=lambda: done.append(store.add(BAND, [frame(0)], Told().hold(5.0), None))
    )
    worker.start()
    worker.join(10)
    assert len(done[0]) == len(Told().hold(5.0))


def test_the_file_and_its_new_folders_are_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "history.db"
    store = new_store(path)
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent, path.parent.parent)]
    wal = stat.S_IMODE(path.with_name("history.db-wal").stat().st_mode)
    store.close()
    assert modes == [0o600, 0o700, 0o700]
    assert wal == 0o600


def dump(path: Path) -> list[str]:
    reader = sqlite3.connect(path)
    try:
        return [
            line
            for line in reader.iterdump()
            if "sqlite_sequence" not in line  # how far AUTOINCREMENT has counted
        ]
    finally:
        reader.close()
