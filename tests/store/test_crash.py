"""Killed at any moment, the writer goes on where it was: nothing lost, nothing twice."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.store.filling import BAND, PER_FRAME, STEP, Told, frame, new_store
from tracker.bands.reader import Cursor
from tracker.detect.events import Event
from tracker.store import History, Resume, Store, StoredFrame

FRAME_S = PER_FRAME * STEP / 16000
FRAMES = 1500  # 750 s: one session with two holds, told while its frames arrive
KILLS = 12


@dataclass(frozen=True)
class Batch:
    """What one `add` takes."""

    frames: list[StoredFrame]
    events: list[Event]
    resume: Resume


def batches(after: Cursor | None) -> Iterator[Batch]:
    """What the band sends after a cursor, two frames at a time.

    Events are those of the samples since the resume point, which is an earlier frame: as after a
    restart, some of them are stored already.
    """
    events = Told().session(5.0)
    first = 0 if after is None else after.seq + 1
    again = max(0, first - 40)
    told_s = again * FRAME_S
    for seq in range(first, FRAMES, 2):
        frames = [frame(n) for n in range(seq, min(seq + 2, FRAMES))]
        until_s = (seq + 2) * FRAME_S
        yield Batch(
            frames,
            [event for event in events if told_s < event.t_s <= until_s],
            Resume(1, max(0, seq - 40), max(0, seq - 40) * FRAME_S),
        )
        told_s = until_s


def write_on(path: Path, *, tell: bool = False, most: int = FRAMES) -> None:
    """The child's work: open, look where it was, go on to the end, a line for each `add`.

    most: after so many it waits to be killed, however late its parent reads what it tells.
    """
    store = Store.open(path, create=False)
    for n, batch in enumerate(batches(store.cursor(BAND))):
        if n == most:
            sys.stdin.read()
        store.add(BAND, batch.frames, batch.events, batch.resume)
        for entry in store.outbox("mqtt", 3):
            store.acknowledge("mqtt", entry.position)
        if tell:
            print(batch.frames[-1].frame.seq, flush=True)  # noqa: T201 - the parent counts them
    store.close()


def run_child(path: Path, most: int = FRAMES) -> subprocess.Popen[bytes]:
    code = f"from {__name__} import write_on; from pathlib import Path; import sys;"
    code += "write_on(Path(sys.argv[1]), tell=True, most=int(sys.argv[2]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(most)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that is stored but event positions, which may have holes."""
    db = sqlite3.connect(path)
    tables = ("holds", "breaths", "sessions", "resume_points", "frames")
    found = {name: db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in tables}  # noqa: S608 - the five above
    found["events"] = db.execute("SELECT event_id, json FROM events ORDER BY position").fetchall()
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
    return found


def test_a_writer_killed_again_and_again_stores_the_same_in_the_end(tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed.db", tmp_path / "killed.db"
    new_store(undisturbed).close()
    write_on(undisturbed)
    new_store(killed).close()
    moments = random.Random(7)
    for _ in range(KILLS):
        told = moments.randint(1, 60)
        with run_child(killed, told + 3) as child:
            assert child.stdout is not None
            for _ in range(told):
                assert child.stdout.readline(), "it was to be killed in the middle: write more"
            child.kill()  # somewhere in the `add` that follows
    write_on(killed)
    assert content(killed) == content(undisturbed)


def test_a_kill_in_the_middle_of_a_transaction_leaves_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    new_store(path).close()
    code = (
        f"from {__name__} import stop_inside; from pathlib import Path; import sys;"
        "stop_inside(Path(sys.argv[1]))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"inside\n"
        child.kill()
    store = Store.open(path, create=False)
    assert store.cursor(BAND) == Cursor(1, 0)
    assert store.outbox_depth("mqtt") == 0
    assert store.add(BAND, [frame(1)], Told().session(5.0), None) != []
    store.close()


def stop_inside(path: Path) -> None:
    """Hang in the middle of an `add`, with frames written and events to come."""

    class Hanging(list[Event]):
        def __iter__(self) -> Iterator[Event]:
            yield Told().hold_started(5.0)
            print("inside", flush=True)  # noqa: T201 - the parent waits for it
            time.sleep(60)

    store = Store.open(path, create=False)
    store.add(BAND, [frame(0)], [], None)
    store.add(BAND, [frame(n) for n in range(1, 500)], Hanging(), None)


def test_two_readers_see_whole_transactions_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    new_store(path).close()
    seen: list[int] = []
    with run_child(path) as child, History.open(path) as one, History.open(path) as two:
        while child.poll() is None:
            for reader in (one, two):
                with reader.snapshot():
                    (frames,) = next(reader.rows("SELECT count(*) FROM frames", ()))
                    (last,) = next(reader.rows("SELECT coalesce(max(seq), -1) FROM frames", ()))
                    (resume,) = next(
                        reader.rows("SELECT coalesce(max(seq), 0) FROM resume_points", ())
                    )
                assert frames == last + 1
                assert resume == max(0, last - 41)
                seen.append(frames)
        assert child.returncode == 0
        assert next(two.rows("SELECT count(*) FROM frames", ())) == (FRAMES,)
    assert len(set(seen)) > 5, "the readers saw it grow"
