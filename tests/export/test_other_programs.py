"""Parquet, FIT and FHIR, each read back by another library than wrote it."""

from __future__ import annotations

import builtins
import io
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import fitdecode
import polars
import pytest
from fhir.resources.R4B.bundle import Bundle  # what is used of an Observation is the same in R4

from tests.export.tracing import traced
from tests.store.filling import BAND, START, Told, frame, new_store
from tracker.clock import ClockNews, ClockPoint, Setting
from tracker.errors import StretchbandError
from tracker.export import (
    FORMATS,
    KINDS,
    Kind,
    Period,
    Table,
    Wanted,
    choose_format,
    finished_holds,
    table,
)
from tracker.recordings import read
from tracker.store import History
from tracker.store.corrections import Correction, correct

ALL = Wanted(Period())
FRAMES = 120


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two sessions of two holds; one of a taught stretch on an unknown leg; one that goes on."""
    store = new_store(tmp_path / "history.db")
    told = Told()
    events = told.session(100.0) + told.session(86500.0)
    events += told.hold(90000.0, 21.125, "pigeon_pose", None)
    events.append(told.hold_started(91000.0))
    clocks: list[tuple[int, ClockNews]] = [(1, Setting(0.0)), (1, ClockPoint(0.0, START))]
    store.add(BAND, [frame(seq) for seq in range(FRAMES)], events, None, clocks=clocks)
    store.close()
    return store.path


def exported(path: Path, kind: Kind, format_: str) -> bytes:
    with History.open(path) as history:
        return b"".join(FORMATS[format_].write(table(history, kind, ALL)))


def finished(path: Path, format_: str) -> bytes:
    with History.open(path) as history:
        holds, _ = finished_holds(history, ALL)
        return b"".join(FORMATS[format_].write(holds))


def in_python(value: Any) -> Any:
    """A cell of JSON as polars gives it."""
    if isinstance(value, str) and value.endswith("Z"):
        return datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize("kind", KINDS)
def test_polars_reads_from_parquet_what_json_says(path: Path, kind: Kind) -> None:
    read_back = polars.read_parquet(io.BytesIO(exported(path, kind, "parquet")))
    rows = json.loads(exported(path, kind, "json"))
    assert read_back.height == len(rows) > 0
    assert read_back.rows() == [
        tuple(in_python(row.get(name)) for name in read_back.columns) for row in rows
    ]


def test_columns_of_parquet_have_a_type_when_every_value_is_null(tmp_path: Path) -> None:
    store = new_store(tmp_path / "history.db")
    store.close()
    holds = polars.read_parquet(io.BytesIO(exported(store.path, "holds", "parquet")))
    assert holds.height == 0
    assert holds.schema["twist_deg"] == polars.Float64
    assert holds.schema["breaths"] == polars.Int64
    assert holds.schema["side"] == polars.String
    assert holds.schema["started_at"] == polars.Datetime("ms", "UTC")


def test_samples_in_parquet_are_a_recording(path: Path, tmp_path: Path) -> None:
    of_both = []
    for format_ in ("csv", "parquet"):
        recording = tmp_path / f"samples.{format_}"
        recording.write_bytes(exported(path, "samples", format_))
        blocks = list(read(recording))
        of_both.append([row for b in blocks for row in zip(b.t_s, b.acc_g.tolist(), strict=True)])
    assert of_both[0] == of_both[1]


def test_parquet_is_written_group_by_group(path: Path) -> None:
    def of(rows: int) -> Table:
        batch = [{"time_s": 0.02 * i, "x_g": 0.5, "y_g": 1.0, "z_g": 0.25} for i in range(500)]
        return Table(("time_s", "x_g", "y_g", "z_g"), iter([batch] * (rows // 500)), rows)

    sizes = [len(piece) for piece in FORMATS["parquet"].write(of(100_000))]
    assert len(sizes) == 8  # 6 of 16,500 rows, the rest, the foot
    assert max(sizes) < sum(sizes) / 4


def messages_of(data: bytes) -> list[tuple[str, Mapping[str, Any]]]:
    strict = {
        "check_crc": fitdecode.CrcCheck.RAISE,
        "error_handling": fitdecode.ErrorHandling.RAISE,
    }
    with fitdecode.FitReader(io.BytesIO(data), **strict) as reader:
        return [
            (message.name, {field.name: field.value for field in message.fields})
            for message in reader
            if message.frame_type == fitdecode.FIT_FRAME_DATA
        ]


def named(messages: Sequence[tuple[str, Mapping[str, Any]]], name: str) -> list[Mapping[str, Any]]:
    return [fields for found, fields in messages if found == name]


def test_fit_has_an_activity_for_each_session_and_a_set_for_each_hold(path: Path) -> None:
    messages = messages_of(finished(path, "fit"))
    sports = {(each["sport"], each["sub_sport"]) for each in named(messages, "session")}
    assert sports == {("training", "flexibility_training")}
    assert len(named(messages, "file_id")) == len(named(messages, "activity")) == 3
    holds = json.loads(exported(path, "holds", "json"))[:5]
    for each, hold in zip(named(messages, "set"), holds, strict=True):
        begun = datetime.fromisoformat(hold["started_at"]).replace(microsecond=0)
        assert (each["start_time"], each["duration"]) == (begun, hold["duration_s"])
        assert (each["set_type"], each["category"]) == ("active", "warm_up")
        assert (each.get("side"), each["stretch"]) == (hold["side"], hold["stretch"])


@pytest.mark.parametrize(
    ("stretch", "subtype"),
    [
        ("hamstring", 44),
        ("inner_thigh", 50),
        ("prone_quad", 61),
        ("standing_quad", 61),
        ("other", None),
    ],
)
def test_fit_names_the_stretch_as_its_profile_does(
    tmp_path: Path, stretch: str, subtype: int | None
) -> None:
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [], Told().hold(100.0, 45.0, stretch), None)
    store.close()
    (only,) = named(messages_of(finished(store.path, "fit")), "set")
    assert only.get("category_subtype") == subtype


def test_two_bands_at_once_are_two_activities_of_fit(tmp_path: Path) -> None:
    store = new_store(tmp_path / "history.db", "left", "right")
    left, right = Told(band_id="left").session(100.0), Told(band_id="right").session(101.0)
    for one, other in zip(left, right, strict=True):
        store.add("left", [], [one], None)
        store.add("right", [], [other], None)
    store.close()
    messages = messages_of(finished(store.path, "fit"))
    assert [len(named(messages, name)) for name in ("activity", "set")] == [2, 4]


def test_fhir_says_of_each_hold_how_long_which_leg_and_when(path: Path) -> None:
    bundle: Any = Bundle.model_validate_json(finished(path, "fhir"))
    assert bundle.type == "collection"
    holds = json.loads(exported(path, "holds", "json"))[:5]
    for entry, hold in zip(bundle.entry, holds, strict=True):
        observation = entry.resource
        assert [code.code for code in observation.code.coding] == ["55411-3"]
        assert observation.identifier[0].value == hold["hold_id"]
        assert observation.effectivePeriod.start == in_python(hold["started_at"])
        assert observation.effectivePeriod.end == in_python(hold["ended_at"])
        assert float(observation.valueQuantity.value) == round(hold["duration_s"] / 60, 4)
        assert observation.valueQuantity.code == "min"
        leg = observation.bodySite and observation.bodySite.coding[0].display
        assert leg == {"left": "Left lower limb", "right": "Right lower limb"}.get(hold["side"])
        (activity, reason, *measured) = observation.component
        assert activity.valueCodeableConcept.text == hold["stretch"].replace("_", " ") + " stretch"
        assert reason.valueString == hold["reason"]
        known = [hold[n] for n in ("angle_deg", "depth_gain_deg", "breath_rate_bpm", "strains")]
        assert [float(m.valueQuantity.value) for m in measured] == [
            value for value in known if value is not None
        ]
    urls = [entry.fullUrl for entry in bundle.entry]
    assert len(set(urls)) == 5
    assert finished(path, "fhir") == finished(path, "fhir")  # the same holds, the same ids


def test_what_the_wearer_corrected_is_told_to_health_and_sports_programs(path: Path) -> None:
    first, *_ = json.loads(exported(path, "holds", "json"))
    correct(path, first["hold_id"], Correction(stretch="inner_thigh", side="right", note="a knee"))
    bundle: Any = Bundle.model_validate_json(finished(path, "fhir"))
    observations = [entry.resource for entry in bundle.entry]
    assert [each.status for each in observations] == ["corrected"] + ["final"] * 4
    assert observations[0].bodySite.coding[0].display == "Right lower limb"
    assert [note.text for note in observations[0].note] == ["a knee"]
    (only, *_) = named(messages_of(finished(path, "fit")), "set")
    assert (only["side"], only["stretch"], only["category_subtype"]) == ("right", "inner_thigh", 50)


def test_of_nothing_there_is_an_empty_bundle_and_no_activity(tmp_path: Path) -> None:
    store = new_store(tmp_path / "history.db")
    store.close()
    assert Bundle.model_validate_json(finished(store.path, "fhir")).entry is None
    assert finished(store.path, "fit") == b""


def test_a_hold_without_an_end_or_a_wall_time_is_left_out_and_counted(path: Path) -> None:
    store = new_store(path)
    store.add(BAND, [], Told(boot_id=2, offset_s=None).hold(50.0), None)
    store.close()
    with History.open(path) as history:
        holds, left_out = finished_holds(history, ALL)
        assert (holds.expected, left_out) == (5, 2)


@pytest.mark.parametrize("format_", ["fit", "fhir"])
def test_the_memory_of_health_formats_is_flat_in_the_number_of_holds(format_: str) -> None:
    known: dict[str, Any] = {
        "band_id": BAND,
        "stretch": "hamstring",
        "side": "left",
        "duration_s": 45.0,
    }
    known |= {"angle_deg": 61.0, "depth_gain_deg": 1.0, "strains": 0, "reason": "released"}
    known |= {"breath_rate_bpm": None, "duration_s": 45.0, "note": None}
    known |= {"measured_stretch": "hamstring", "measured_side": "left"}

    def peak(holds: int) -> int:
        def row(number: int) -> dict[str, Any]:
            at = f"2026-11-02T17:{number % 60:02d}:00.000Z"
            ids = {"hold_id": f"h{number}", "session_id": f"s{number // 8}"}
            return known | ids | {"started_at": at, "ended_at": at}

        batches = ([row(first + i) for i in range(8)] for first in range(0, holds, 8))
        size, most = traced(lambda: FORMATS[format_].write(Table((), batches, holds)))
        assert size > 25 * holds
        return most

    peak(8)  # what is loaded once
    assert peak(96) < 1.5 * peak(24)


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("holds.parquet", "parquet"),
        ("holds.FIT", "fit"),
        ("holds.fhir.json", "fhir"),
        ("holds.json", "json"),
        ("holds.jsonl", "ndjson"),
        ("2026-11/holds", "csv"),
    ],
)
def test_the_longest_ending_says_the_format(out: str, expected: str) -> None:
    assert choose_format(None, Path(out), "holds").name == expected


@pytest.mark.parametrize("out", ["holds.xlsx", "samples.csv.gz"])
def test_an_ending_that_says_no_format_is_told_those_that_do(out: str) -> None:
    with pytest.raises(StretchbandError) as told:
        choose_format(None, Path(out), "holds")
    assert str(told.value) == (
        f"--out {out} must end in one of .csv, .json, .ndjson, .jsonl, .parquet, .fit, .fhir.json, "
        "or be told its --format"
    )
    assert choose_format("csv", Path(out), "holds").name == "csv"


def test_health_formats_are_for_holds_only() -> None:
    with pytest.raises(StretchbandError, match="--format fit is for holds only; samples go into"):
        choose_format(None, Path("samples.fit"), "samples")


@pytest.mark.parametrize(("format_", "library"), [("parquet", "pyarrow"), ("fit", "fit_tool")])
def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, format_: str, library: str
) -> None:
    import_ = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)
        return import_(name, *rest)

    monkeypatch.delitem(sys.modules, f"tracker.export.as_{format_}", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StretchbandError) as error:
        FORMATS[format_].write  # noqa: B018 - asking for it loads it
    assert str(error.value) == (
        f"--format {format_} needs {library}: pip install 'stretchband[{format_}]'"
    )
