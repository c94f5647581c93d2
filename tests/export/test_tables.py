"""What is exported is what is stored: each format read back by another library than wrote it."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.export.tracing import traced
from tests.store.filling import BAND, START, Told, frame, new_store
from tracker.clock import ClockPoint, Setting
from tracker.detect.events import to_json
from tracker.errors import StretchbandError
from tracker.export import FORMATS, KINDS, Kind, Period, Wanted, parse_period, table
from tracker.recordings import read
from tracker.store import History
from tracker.store.corrections import Correction, correct

ALL = Wanted(Period())
FRAMES = 120
# What another library has to find: the table itself, asked of SQLite's own module.
COUNTS = {"holds": 4, "breaths": 18, "sessions": 2, "samples": FRAMES * 25}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = new_store(tmp_path_factory.mktemp("filled") / "history.db")
    told = Told()
    events = told.session(100.0) + told.session(86500.0)
    store.add(BAND, [frame(seq) for seq in range(FRAMES)], events, None)
    store.add(BAND, [], [], None, clocks=[(1, Setting(0.0)), (1, ClockPoint(0.0, START))])
    store.close()
    return store.path


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    """A history of its own for each test."""
    return Path(shutil.copy(filled, tmp_path))


def exported(path: Path, kind: Kind, format_: str, wanted: Wanted = ALL) -> bytes:
    with History.open(path) as history:
        return b"".join(FORMATS[format_].write(table(history, kind, wanted)))


def stored(path: Path, sql: str) -> list[dict[str, Any]]:
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    rows = [dict(row) for row in db.execute(sql)]
    db.close()
    return rows


@pytest.mark.parametrize("kind", KINDS)
def test_pyarrow_reads_the_csv_back(path: Path, kind: Kind) -> None:
    arrow_csv = pytest.importorskip("pyarrow.csv")
    read_back = arrow_csv.read_csv(io.BytesIO(exported(path, kind, "csv")))
    expected = COUNTS.get(kind) or len(stored(path, "SELECT * FROM events"))
    assert read_back.num_rows == expected
    if kind == "holds":
        holds = stored(path, "SELECT * FROM holds ORDER BY rowid")
        for name in ("hold_id", "duration_s", "angle_deg", "breaths", "twist_deg", "reason"):
            assert read_back.column(name).to_pylist() == [hold[name] for hold in holds]


@pytest.mark.parametrize("kind", ["holds", "sessions"])
def test_json_and_ndjson_say_the_same_and_what_is_stored(path: Path, kind: Kind) -> None:
    array = json.loads(exported(path, kind, "json"))
    lines = [json.loads(line) for line in exported(path, kind, "ndjson").splitlines()]
    assert array == lines
    table = "kept_holds" if kind == "holds" else kind
    rows = stored(path, f"SELECT * FROM {table} ORDER BY started_at")  # noqa: S608 - the two above
    assert array == [{name: kept[name] for name in array[0]} for kept in rows]


def test_breaths_say_how_long_they_went_out_and_in(path: Path) -> None:
    (first, *_) = json.loads(exported(path, "breaths", "json"))
    assert (first["exhale_s"], first["inhale_s"], first["stretch"]) == (5.5, 3.75, "hamstring")
    assert first["started_at"] == "2026-11-02T17:02:01.000Z"


def test_events_in_ndjson_are_those_of_analyze_byte_for_byte(path: Path) -> None:
    told = Told()
    events = told.session(100.0) + told.session(86500.0)
    assert exported(path, "events", "ndjson") == b"".join(to_json(e) + b"\n" for e in events)


def test_events_in_csv_have_a_column_for_every_field(path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(path, "events", "csv").decode(), newline="")))
    logged = [json.loads(row["json"]) for row in stored(path, "SELECT json FROM events")]
    for row, event in zip(rows, logged, strict=True):
        told = {name: text for name, text in row.items() if text != ""}
        assert told == {name: str(value) for name, value in event.items() if value is not None}


def test_csv_is_rfc_4180(path: Path) -> None:
    store = new_store(path)
    store.add(BAND, [], Told().hold(9000.0, 40.0, 'my "own", split\nstretch', None), None)
    store.close()
    text = exported(path, "holds", "csv").decode()
    assert text.count("\r\n") == 1 + 5
    assert '"my ""own"", split\nstretch"' in text
    assert next(csv.reader(io.StringIO(text, newline="")))[:2] == ["hold_id", "session_id"]


def test_an_empty_history_gives_a_header_an_empty_array_and_no_line(tmp_path: Path) -> None:
    store = new_store(tmp_path / "history.db")
    store.close()
    for kind in KINDS:
        assert exported(store.path, kind, "csv").count(b"\r\n") == 1
        assert json.loads(exported(store.path, kind, "json")) == []
        assert exported(store.path, kind, "ndjson") == b""


def test_samples_in_csv_are_a_recording_that_reads_back_exactly(path: Path, tmp_path: Path) -> None:
    recording = tmp_path / "samples.csv"
    recording.write_bytes(exported(path, "samples", "csv"))
    blocks = list(read(recording))
    frames = [frame(seq) for seq in range(FRAMES)]
    t_s = np.concatenate([f.t_first_s + f.frame.offsets_s for f in frames])
    assert np.array_equal(
        np.concatenate([block.acc_g for block in blocks]),
        np.concatenate([f.frame.acc_g for f in frames]),
    )
    assert np.allclose(np.concatenate([b.t_s for b in blocks]), t_s, rtol=0, atol=1e-7)


def test_samples_are_turned_into_the_axes_of_the_band(path: Path, tmp_path: Path) -> None:
    store = new_store(path)
    store.register_band(BAND, None, None, "-z,+x,-y")
    store.close()
    recording = tmp_path / "samples.csv"
    recording.write_bytes(exported(path, "samples", "csv"))
    x, y, z = frame(0).frame.acc_g[3]
    assert next(read(recording)).acc_g[3].tolist() == [-z, x, -y]


def test_samples_of_a_period_are_cut_at_the_sample(path: Path) -> None:
    period = parse_period("2026-11-02T17:00:10.010Z", "2026-11-02T17:00:12Z")
    rows = json.loads(exported(path, "samples", "json", Wanted(period)))
    assert [rows[0]["time_s"], rows[-1]["time_s"]] == [10.02, 11.98]
    assert [rows[0]["at"], rows[0]["boot_id"]] == ["2026-11-02T17:00:10.020Z", 1]
    assert len(rows) == 99


def test_samples_of_an_hour_that_the_clock_showed_twice_are_all_exported(path: Path) -> None:
    store = new_store(path)
    store.add(BAND, [], [], None, clocks=[(1, Setting(30.0, -20.0))])  # set back by 20 s
    store.close()

    def seconds(since: str, until: str) -> list[float]:
        found = Wanted(parse_period(f"2026-11-02T17:00:{since}Z", f"2026-11-02T17:00:{until}Z"))
        return [row["time_s"] for row in json.loads(exported(path, "samples", "json", found))]

    assert {round(t_s) for t_s in seconds("15", "20")} == {*range(15, 21), *range(35, 41)}
    assert {round(t_s) for t_s in seconds("00", "09")} == set(range(10))
    assert {round(t_s) for t_s in seconds("31", "35")} == set(range(51, 56))
    assert seconds("45", "59") == []


@pytest.mark.parametrize(
    ("since", "until", "holds", "events"),
    [
        ("2026-11-02T17:00Z", "2026-11-02T23:00Z", 2, 19),
        ("2026-11-03T12:00Z", None, 2, 19),
        (None, "2026-11-02T17:02:30Z", 1, 6),
        ("2027-01-01", None, 0, 0),
    ],
)
def test_only_what_began_in_the_period_is_exported(
    path: Path, since: str | None, until: str | None, holds: int, events: int
) -> None:
    wanted = Wanted(parse_period(since, until))
    assert len(json.loads(exported(path, "holds", "json", wanted))) == holds
    assert len(json.loads(exported(path, "events", "json", wanted))) == events
    nothing = Wanted(parse_period("2027-01-01", None))
    assert exported(path, "samples", "csv", nothing).count(b"\n") == 1


def test_only_one_band_is_exported_when_asked(path: Path) -> None:
    store = new_store(path, BAND, "band2")
    store.add("band2", [], Told(band_id="band2").session(100.0), None)
    store.close()
    rows = json.loads(exported(path, "holds", "json", Wanted(Period(), "band2")))
    assert {row["band_id"] for row in rows} == {"band2"}
    with pytest.raises(StretchbandError, match=r'no band "band9" in .*; there: band1, band2'):
        exported(path, "holds", "json", Wanted(Period(), "band9"))
    with pytest.raises(StretchbandError, match="choose it with --band, of band1, band2"):
        exported(path, "samples", "csv")


def test_samples_are_of_one_start_of_the_band(path: Path) -> None:
    store = new_store(path)
    store.add(BAND, [frame(seq, boot_id=2) for seq in range(200, 204)], [], None)
    store.close()
    with pytest.raises(StretchbandError) as error:
        exported(path, "samples", "csv")
    assert "was started 2 times" in str(error.value)
    assert "1 (from 2026-11-02T17:00:00.000Z), 2 (from an unknown time)" in str(error.value)
    rows = json.loads(exported(path, "samples", "json", Wanted(Period(), BAND, 2)))
    assert len(rows) == 100
    assert {row["at"] for row in rows} == {None}
    of_the_day = Wanted(parse_period("2026-11-02", "2026-11-02"))
    assert exported(path, "samples", "csv", of_the_day).count(b"\n") == 1 + COUNTS["samples"]


def test_a_start_is_for_samples_only(path: Path) -> None:
    with pytest.raises(StretchbandError, match="--boot is for samples only"):
        exported(path, "holds", "csv", Wanted(Period(), BAND, 1))


def test_the_number_of_rows_is_known_before(path: Path) -> None:
    with History.open(path) as history:
        for kind, count in COUNTS.items():
            found = table(history, kind, ALL)  # type: ignore[arg-type] # a Kind, out of a dict
            assert found.expected == count == sum(len(batch) for batch in found.batches)


@pytest.mark.parametrize("format_", ["csv", "json", "ndjson"])
def test_memory_stays_flat_in_the_length_of_the_history(path: Path, format_: str) -> None:
    written(path, format_)  # what is loaded once is loaded
    short, least = written(path, format_)
    store = new_store(path)
    store.add(BAND, [frame(seq) for seq in range(FRAMES, 2000)], [], None)
    store.close()
    long, most = written(path, format_)  # beside it, threads of the test runner hold some
    assert long > max(2_000_000, 10 * short)
    assert most < least + 100_000


def written(path: Path, format_: str) -> tuple[int, int]:
    """An export of all samples, traced."""
    with History.open(path) as history:
        return traced(lambda: FORMATS[format_].write(table(history, "samples", ALL)))


@pytest.mark.parametrize(
    ("note", "written"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1", "'+1"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("a = b", "a = b"),
    ],
)
def test_a_note_is_no_formula_in_a_spreadsheet(path: Path, note: str, written: str) -> None:
    (hold,) = stored(path, "SELECT hold_id FROM holds LIMIT 1")
    correct(path, hold["hold_id"], Correction(note=note))
    rows = list(csv.DictReader(io.StringIO(exported(path, "holds", "csv").decode())))
    assert [row["note"] for row in rows if row["note"]] == [written]
    in_json = json.loads(exported(path, "holds", "json"))
    assert [row["note"] for row in in_json if row["note"]] == [note]
