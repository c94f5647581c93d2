"""What cannot be the history is refused in one sentence; an older one is brought up to date."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.store.filling import BAND, Told, frame, new_store
from tracker.errors import StretchbandError
from tracker.store import History, Store, StoreUnavailableError
from tracker.store.migrations import MIGRATIONS
from tracker.store.opening import APPLICATION_ID

VERSION_1 = Path(__file__).with_name("version_1.sql")


def foreign(path: Path) -> Path:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE holds (shares INTEGER)")
    db.close()
    return path


def version_1(path: Path) -> Path:
    """The file that the first version of the program wrote."""
    db = sqlite3.connect(path)
    db.executescript(VERSION_1.read_text("utf-8"))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.close()
    return path


def schema(path: Path) -> dict[str, str]:
    db = sqlite3.connect(path)
    found = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    db.close()
    return found


def refusal(path: Path) -> str:
    """What both the writer and a reader say, which is one sentence."""
    with pytest.raises(StretchbandError) as of_writer:
        Store.open(path, create=False)
    with pytest.raises(StretchbandError) as of_reader:
        History.open(path)
    assert str(of_writer.value) == str(of_reader.value)
    assert "\n" not in str(of_writer.value)
    assert str(path) in str(of_writer.value)
    return str(of_writer.value)


def test_a_missing_file_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "no folder" / "history.db"
    assert "there is no history" in refusal(path)
    assert not path.parent.exists()


def test_a_file_that_was_made_and_no_more_is_no_history_yet(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.touch()
    with pytest.raises(StretchbandError, match=r"^there is no history at "):
        History.open(path)
    assert path.read_bytes() == b""


def test_text_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_text("time_s,x_g,y_g,z_g\n" * 100)
    assert "is not an SQLite database" in refusal(path)
    assert path.read_text().startswith("time_s")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = foreign(tmp_path / "shares.db")
    before = path.read_bytes()
    assert "another program's database" in refusal(path)
    assert path.read_bytes() == before


def test_a_newer_programs_history_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    new_store(path).close()
    db = sqlite3.connect(path)
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('stretchband', 'm999_from_the_future', '2031-01-01')"
    )
    db.commit()
    db.close()
    assert "written by a newer stretchband (m999_from_the_future)" in refusal(path)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    store = new_store(path)
    store.add(BAND, [frame(seq) for seq in range(400)], Told().session(10.0), None)
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 8192) + whole[-4096:])
    assert "is damaged; put it aside" in refusal(path)


def test_a_locked_database_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.store.opening.BUSY_S", 0.05)
    store = new_store(tmp_path / "history.db")
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="is locked by another program"):
        store.add(BAND, [frame(0)], [], None)
    other.execute("ROLLBACK")
    other.close()
    store.add(BAND, [frame(0)], [], None)
    assert store.cursor(BAND) is not None
    store.close()


def test_a_full_disk_may_be_tried_again_and_loses_nothing(tmp_path: Path) -> None:
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [frame(0)], [], None)
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreUnavailableError, match="the disk is full"):
        store.add(BAND, [frame(seq) for seq in range(1, 200)], [], None)
    store._db.execute("PRAGMA max_page_count = 100000")
    assert [f.frame.seq for f in store.frames(BAND, None)] == [0]
    store.add(BAND, [frame(seq) for seq in range(1, 200)], [], None)
    assert len(list(store.frames(BAND, None))) == 200
    store.close()


AS_NOBODY = """
import os, sys
from pathlib import Path
from tracker.errors import StretchbandError
from tracker.store import History, Store
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
door = {"write": Store.open, "read": History.open}[sys.argv[1]]
try:
    print(len(list(door(Path(sys.argv[2])).rows("SELECT * FROM holds", ()))))
except StretchbandError as error:
    print(error)
"""


def as_another_user(door: str, path: Path) -> str:
    """What a process without any rights of ours says; root would be allowed everything."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, door, str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A whole history in a folder that may be read and not written."""
    # Not below pytest's own folder: each run of it that begins closes that to other users.
    with tempfile.TemporaryDirectory(prefix="read-only-") as name:
        folder = Path(name)
        store = new_store(folder / "history.db")
        store.add(BAND, [], Told().hold(5.0), None)
        store.close()
        (folder / "history.db").chmod(0o444)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid"), reason="POSIX rights")
def test_a_read_only_history_can_be_read_and_is_refused_for_writing(read_only_folder: Path) -> None:
    path = read_only_folder / "history.db"
    assert as_another_user("read", path) == "1"
    assert "is read-only" in as_another_user("write", path)


def test_opening_an_empty_file_makes_a_history_of_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.touch()
    store = Store.open(path, create=False)
    store.close()
    assert {"frames", "events", "holds", "v_holds"} <= set(schema(path))


def test_a_version_1_file_is_brought_up_to_date_and_keeps_its_rows(tmp_path: Path) -> None:
    old, new = version_1(tmp_path / "old.db"), tmp_path / "new.db"
    new_store(new).close()
    assert "v_holds" not in schema(old)
    store = Store.open(old)
    hold = store.last_hold("band1")
    frames = [f.frame.seq for f in store.frames("band1", None)]
    (entry,) = store.outbox("mqtt", 10)
    store.close()
    assert schema(old) == schema(new)
    assert hold is not None
    assert (hold.stretch, hold.duration_s) == ("hamstring", 45.0)
    assert frames == [0]
    assert entry.position == 2


def test_a_reader_brings_an_older_file_up_to_date(tmp_path: Path) -> None:
    with History.open(version_1(tmp_path / "old.db")) as history:
        assert len(list(history.rows("SELECT * FROM v_holds", ()))) == 1


def test_a_migration_that_breaks_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = version_1(tmp_path / "old.db")
    before = schema(path)
    monkeypatch.setattr(
        "tracker.store.migrations._VIEWS", {"v_holds": "SELECT nothing FROM nowhere;;"}
    )
    with pytest.raises(sqlite3.OperationalError):
        Store.open(path)
    assert schema(path) == before


def test_a_copy_of_the_file_with_its_log_opens_elsewhere(tmp_path: Path) -> None:
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [frame(0)], Told().hold(5.0), None)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("history.db", "history.db-wal"):  # as a power cut would leave them
        shutil.copy(tmp_path / name, elsewhere / name)
    store.close()
    copy = Store.open(elsewhere / "history.db", create=False)
    assert copy.last_hold(BAND) is not None
    copy.close()


def test_every_migration_is_applied_once(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    for _ in range(3):
        new_store(path).close()
    with Database(path, execute_plugins=False) as db:
        assert not MIGRATIONS.pending(db)
        assert len(MIGRATIONS.applied(db)) == len({step.name for step in MIGRATIONS.applied(db)})
