"""`stretchband export --all` here, `stretchband import` there: the same history, id by id."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.inside import Done, Run
from tests.cli.inside import run as run  # noqa: PLC0414 - a fixture
from tests.store.filling import BAND, START, Told, frame, new_store, weeks_of_sessions
from tests.store.test_opening import version_1
from tracker.clock import ClockNews, ClockPoint, Setting
from tracker.store import Resume, Store, StoredCommand
from tracker.store.corrections import Correction, correct

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from tracker.cli import main; main()"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with rows in every table, of which the broker has acknowledged a part."""
    store = new_store(tmp_path_factory.mktemp("filled") / "history.db")
    store.add(BAND, [frame(seq) for seq in range(200)], Told().session(100.0), Resume(1, 90, 45.0))
    clocks: list[tuple[int, ClockNews]] = [(1, Setting(0.0)), (1, ClockPoint(0.0, START))]
    positions = store.add(BAND, [], list(weeks_of_sessions(20)), None, clocks=clocks)
    store.acknowledge("mqtt", positions[40])
    store.add(BAND, [], [], None, commands=[StoredCommand(1, 12.5, "side", "left")])
    store.announce([("homeassistant/device/old/config", b"{}")])
    hold = store.last_hold(BAND)
    assert hold is not None
    correct(store.path, hold.hold_id, Correction(side="left", note="the other one"))
    store.close()
    return store.path


@pytest.fixture
def here(filled: Path, tmp_path: Path) -> Path:
    """A copy for each test."""
    return Path(shutil.copytree(filled.parent, tmp_path / "here")) / filled.name


@pytest.fixture
def archive(run: Run, here: Path, tmp_path: Path) -> Path:
    out = tmp_path / "moving.zip"
    assert run("export", "--all", "--out", out, "--db", here) == Done(0, "", "")
    return out


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, SQLite's own with the next position of an event among them."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608
    db.close()
    return rows


def test_every_table_is_there_again_row_by_row(
    run: Run, here: Path, archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "new" / "house" / "history.db"
    done = run("import", archive, "--db", there)
    assert (done.status, done.err) == (0, "")
    assert {each.name for each in there.parent.iterdir()} == {"history.db", "history.db.lock"}
    rows = everything(here)
    assert everything(there) == rows
    assert all(rows.values()), "a table without rows proves nothing"
    assert done.out == (
        f"{there} now has {len(rows['holds'])} holds, {len(rows['events']):,} events, 200 frames\n"
    )
    assert stat.S_IMODE(there.stat().st_mode) == 0o600


def test_what_the_broker_has_is_not_sent_again_and_what_it_lacks_still_is(
    run: Run, here: Path, archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.db"
    run("import", archive, "--db", there)
    waiting = []
    for path in (here, there):
        store = Store.open(path)
        waiting.append([entry.event for entry in store.outbox("mqtt", 1000)])
        store.close()
    assert waiting[0] == waiting[1]
    acknowledged = len(everything(here)["events"]) - len(waiting[0])
    assert 0 < acknowledged < len(everything(here)["events"])


def test_life_goes_on_in_the_new_house(run: Run, archive: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    run("import", archive, "--db", there)
    store = Store.open(there)
    cursor = store.cursor(BAND)
    assert cursor is not None
    assert (cursor.boot_id, cursor.seq) == (1, 199)
    last = max(row[0] for row in everything(there)["events"])
    assert store.add(BAND, [frame(199), frame(200)], Told().hold(9e6), None)[0] == last + 1
    store.close()


def test_importing_again_changes_nothing(run: Run, archive: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    run("import", archive, "--db", there)
    before = everything(there)
    done = run("import", archive, "--db", there)
    assert (done.status, done.out.split(" ")[1:3]) == (0, ["already", "had"])
    assert everything(there) == before


def test_a_history_that_a_daemon_made_and_nobody_wore_gives_way(
    run: Run, here: Path, archive: Path, tmp_path: Path
) -> None:
    there = new_store(tmp_path / "there.db", "band7")
    there.announce([("homeassistant/device/new/config", b"{}")])
    there.close()
    assert run("import", archive, "--db", there.path).status == 0
    rows, expected = everything(there.path), everything(here)
    assert len(rows.pop("announcements")) == 1 + len(expected.pop("announcements"))
    assert rows == expected


def test_a_history_with_something_else_in_it_is_left_alone(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    there = new_store(tmp_path / "there.db")
    there.add(BAND, [frame(3)], Told().hold(0.0), None)
    there.close()
    before = there.path.read_bytes()
    done = run("import", archive, "--db", there.path)
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        f"stretchband: history {there.path} has something else in it already (4 breaths,"
        " 7 events, 1 frame, 1 hold); put that file aside or name another with --db\n"
    )
    assert there.path.read_bytes() == before


def test_a_history_in_use_is_left_alone(run: Run, archive: Path, tmp_path: Path) -> None:
    there = new_store(tmp_path / "there.db")
    done = run("import", archive, "--db", there.path)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"stretchband: history {there.path} is in use by another stretchband run\n"
    there.close()
    assert run("import", archive, "--db", there.path).status == 0


def test_it_is_one_moment_while_the_daemon_goes_on_writing(
    run: Run, here: Path, tmp_path: Path
) -> None:
    """The writer stores a frame and its hold together; a copy has both or neither."""
    script = (
        "import sys; from pathlib import Path; from tracker.store import Store;"
        "from tests.store.filling import BAND, Told, frame\n"
        "store = Store.open(Path(sys.argv[1])); print('writing', flush=True)\n"
        "for n in range(300, 100000):\n"
        "    store.add(BAND, [frame(n)], Told(boot_id=7).hold(100.0 * n), None)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(here)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        for number in range(3):
            archive, there = tmp_path / f"{number}.zip", tmp_path / f"{number}.db"
            assert run("export", "--all", "--out", archive, "--db", here).status == 0
            assert run("import", archive, "--db", there).status == 0
            rows = everything(there)
            written = [hold for hold in rows["holds"] if hold[3] == 7]
            assert len(written) == len(rows["frames"]) - 200
        assert writer.poll() is None, "it went on writing"
        assert len(written) > 0
    finally:
        writer.kill()
        writer.communicate()


@pytest.mark.parametrize("begun", ["there.db.lock", ".there.db.import", "there.db"])
def test_killed_in_the_middle_it_is_done_the_next_time(
    run: Run, here: Path, archive: Path, tmp_path: Path, begun: str
) -> None:
    there = tmp_path / "there" / "there.db"
    importing = subprocess.Popen([*COMMAND, "import", archive, "--db", there], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (there.parent / begun).exists() and importing.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    importing.kill()
    importing.wait(60)
    assert run("import", archive, "--db", there).status == 0
    assert everything(there) == everything(here)
    assert not list(there.parent.glob(".*"))


def damage(archive: Path, at: int) -> None:
    data = bytearray(archive.read_bytes())
    data[at] ^= 1
    archive.write_bytes(data)


def repack(archive: Path, **changed: object) -> None:
    """The same archive with another manifest."""
    with zipfile.ZipFile(archive) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(entries["manifest.json"]) | changed
    entries["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(archive, "w") as new:
        for name, data in entries.items():
            new.writestr(name, data)


def expect_refused(run: Run, archive: Path, there: Path, expected: str) -> None:
    done = run("import", archive, "--db", there)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert expected in done.err
    assert not there.exists()
    assert not list(there.parent.glob(".*"))


def test_a_bit_that_fell_over_is_seen_wherever_it_is(
    run: Run, here: Path, archive: Path, tmp_path: Path
) -> None:
    """But where the zip keeps what nobody reads, such as a date: then all is right all the same."""
    sound, there, refused = archive.read_bytes(), tmp_path / "new" / "there.db", 0
    for share in range(40):
        archive.write_bytes(sound)
        damage(archive, len(sound) * share // 40)
        if run("import", archive, "--db", there).status == 0:
            assert everything(there) == everything(here)
            shutil.rmtree(there.parent)
        else:
            assert not there.exists()
            refused += 1
    assert refused >= 38


@pytest.mark.parametrize("left", [0, 10, 1000, -1])
def test_a_cut_archive_is_refused(run: Run, archive: Path, tmp_path: Path, left: int) -> None:
    archive.write_bytes(archive.read_bytes()[:left])
    expect_refused(run, archive, tmp_path / "new" / "there.db", "is damaged, or was not made by")


def test_what_was_not_made_by_export_is_refused(run: Run, tmp_path: Path) -> None:
    other, there = tmp_path / "other.zip", tmp_path / "new" / "there.db"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("holiday.txt", "sun")
    expect_refused(run, other, there, "was not made by stretchband export --all")
    expect_refused(run, tmp_path / "none.zip", there, "none.zip cannot be read: No such file")
    expect_refused(run, tmp_path, there, "cannot be read: Is a directory")


def test_a_manifest_that_does_not_fit_the_database_is_refused(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "new" / "there.db"
    repack(archive, sha256="0" * 64)
    expect_refused(run, archive, there, "is damaged")
    repack(archive, size=12)
    expect_refused(run, archive, there, "is damaged")


def test_an_archive_of_a_newer_layout_or_a_newer_history_is_refused(
    run: Run, here: Path, archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "new" / "there.db"
    kept = archive.read_bytes()
    repack(archive, version=2)
    expect_refused(run, archive, there, "was made by a newer stretchband; update this one")
    archive.write_bytes(kept)
    with zipfile.ZipFile(archive) as packed:
        packed.extract("history.db", tmp_path)
    copy = tmp_path / "history.db"
    db = sqlite3.connect(copy)
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('stretchband', 'm999_from_the_future', '2030')"
    )
    db.commit()
    db.close()
    with_history(archive, copy)
    expect_refused(
        run, archive, there, f"history {archive} was written by a newer stretchband (m999_"
    )


def with_history(archive: Path, database: Path) -> None:
    """The archive of another database, its manifest right."""
    data = database.read_bytes()
    with zipfile.ZipFile(archive) as old:
        manifest = json.loads(old.read("manifest.json"))
    manifest |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    with zipfile.ZipFile(archive, "w") as new:
        new.writestr("manifest.json", json.dumps(manifest))
        new.writestr("history.db", data)


def test_an_archive_of_an_older_version_is_brought_up_to_date(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    old, there = version_1(tmp_path / "old.db"), tmp_path / "new" / "there.db"
    with_history(archive, old)
    assert run("import", archive, "--db", there).status == 0
    shutil.copy(old, tmp_path / "copy.db")
    Store.open(tmp_path / "copy.db").close()
    rows, expected = everything(there), everything(tmp_path / "copy.db")
    for each in (rows, expected):
        each.pop("_sqlite_migrations")  # it says when
    assert rows == expected


def test_the_archive_opens_with_stock_tools_and_is_for_its_owner_only(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        assert packed.testzip() is None
        manifest = json.loads(packed.read("manifest.json"))
        assert b"stretchband import" in packed.read("README.txt")
    assert manifest["rows"]["frames"] == 200
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_to_standard_output_it_is_the_same_archive(here: Path, run: Run, tmp_path: Path) -> None:
    piped = tmp_path / "piped.zip"
    with piped.open("wb") as file:
        command = [*COMMAND, "export", "--all", "--db", str(here)]
        subprocess.run(command, cwd=ROOT, stdout=file, check=True, timeout=60)
    assert run("import", piped, "--db", tmp_path / "there.db").status == 0
    assert everything(tmp_path / "there.db") == everything(here)


def test_a_place_where_nothing_can_be_made_is_told(run: Run, archive: Path, tmp_path: Path) -> None:
    there = archive / "there.db"  # in a file instead of a folder
    done = run("import", archive, "--db", there)
    assert done.status == 2
    assert done.err == f"stretchband: history {there} cannot be locked: Not a directory\n"


def test_a_folder_that_is_not_there_is_told(run: Run, here: Path, tmp_path: Path) -> None:
    out = tmp_path / "none" / "x.zip"
    done = run("export", "--all", "--out", out, "--db", here)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"stretchband: {out} cannot be written: No such file or directory\n"


@pytest.mark.parametrize("option", [["holds"], ["--since", "2026-11-01"], ["--format", "csv"]])
def test_everything_is_everything(run: Run, here: Path, tmp_path: Path, option: list[str]) -> None:
    done = run("export", "--all", *option, "--out", tmp_path / "x.zip", "--db", here)
    assert (done.status, done.out) == (2, "")
    assert "--all is everything" in done.err


def test_a_small_archive_that_unpacks_to_a_huge_one_fills_neither_memory_nor_disk(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "new" / "there.db"
    whole = archive.read_bytes()
    repack(archive, size=10**18)
    expect_refused(run, archive, there, "the history takes 1,000,000,000,000 MB, and ")
    archive.write_bytes(whole)
    repack(archive, made_at="x" * 10**6)
    expect_refused(run, archive, there, "is damaged")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "CREATE TRIGGER steal AFTER INSERT ON frames BEGIN DELETE FROM events; END",
            "trigger 'steal'",
        ),
        ("DROP VIEW v_holds; CREATE VIEW v_holds AS SELECT 1", "view 'v_holds'"),
        ("ALTER TABLE holds ADD COLUMN x INT DEFAULT 1", "table 'holds'"),
    ],
)
def test_a_history_whose_schema_somebody_altered_is_refused(
    run: Run, archive: Path, tmp_path: Path, change: str, named: str
) -> None:
    there = tmp_path / "new" / "there.db"
    with zipfile.ZipFile(archive) as packed:
        packed.extract("history.db", tmp_path)
    db = sqlite3.connect(tmp_path / "history.db")
    db.executescript(change)
    db.close()
    with_history(archive, tmp_path / "history.db")
    expect_refused(run, archive, there, f"history {archive} was altered by somebody: {named}")


def test_an_index_and_a_view_of_the_wearers_own_travel_along(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "new" / "there.db"
    with zipfile.ZipFile(archive) as packed:
        packed.extract("history.db", tmp_path)
    db = sqlite3.connect(tmp_path / "history.db")
    db.executescript("CREATE VIEW mine AS SELECT * FROM holds; CREATE INDEX i ON events (t_s);")
    db.close()
    with_history(archive, tmp_path / "history.db")
    assert run("import", archive, "--db", there).status == 0


@pytest.mark.parametrize("offset", [10, 20, 42])
def test_an_entry_that_begins_before_the_file_is_damage(
    run: Run, archive: Path, tmp_path: Path, offset: int
) -> None:
    """The zip's own table says where an entry begins; found by `make fuzz`."""
    data = bytearray(archive.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + offset : entry + offset + 4] = b"\xff\xff\xff\xf0"
    end = data.rindex(b"PK\x05\x06")
    data[end + 16 : end + 20] = (len(data)).to_bytes(4, "little")
    archive.write_bytes(data)
    there = tmp_path / "new" / "there.db"
    expect_refused(run, archive, there, "is damaged, or was not made by")


def test_a_database_of_a_format_that_sqlite_does_not_know_is_damage(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extract("history.db", tmp_path)
    data = bytearray((tmp_path / "history.db").read_bytes())
    data[44:48] = b"\0\0\0\x7f"  # the schema's format; found by `make fuzz`
    (tmp_path / "history.db").write_bytes(data)
    with_history(archive, tmp_path / "history.db")
    expect_refused(run, archive, tmp_path / "new" / "there.db", "is damaged, or was not made by")
