"""What can be exported: which rows and which columns, read as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any, Literal, get_args

import msgspec

from tracker.detect.events import Event
from tracker.errors import StretchbandError
from tracker.export.period import Period
from tracker.store import Band, Boot, Cell, DatedBlock, History, boots, count_samples, sample_blocks

Kind = Literal["holds", "breaths", "sessions", "events", "samples"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Column to value: text, numbers, booleans, None. An event has only the fields that it has.
Row = Mapping[str, Any]
ROWS_AT_ONCE = 500
LISTED_BOOTS = 6  # the latest, in the sentence that asks for one


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to be written, in pieces.

    columns:  what stands in a header line; a row may lack some and say more.
    batches:  rows read from the history as they are asked for, never none at a time.
    expected: how many rows there are; a little more for samples of a period.
    """

    columns: tuple[str, ...]
    batches: Iterator[Sequence[Row]]
    expected: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of a period (it may be open), one band or all, samples of one start of it."""

    period: Period
    band_id: str | None = None
    boot_id: int | None = None


# `at` is what --since and --until look at; rows without it are in no period.
_QUERIES: dict[str, str] = {
    "holds": """SELECT hold_id, session_id, band_id, stretch, side, started_at, ended_at, start_s,
  end_s, duration_s, angle_deg, depth_gain_deg, breaths, breath_rate_bpm, exhale_inhale_ratio,
  steadiness_deg, twist_deg, target_s, strains, reason, boot_id, measured_stretch, measured_side,
  note FROM kept_holds
WHERE band_id = coalesce(:band, band_id)
  AND (:since IS NULL OR started_at >= :since) AND (:until IS NULL OR started_at < :until)
ORDER BY started_at, hold_id""",
    "breaths": """SELECT hold_id, number, band_id, stretch, side, breaths.started_at,
  exhale_start_s,  exhale_end_s, breaths.end_s, round(exhale_end_s - exhale_start_s, 3) AS exhale_s,
  round(breaths.end_s - exhale_end_s, 3) AS inhale_s, depth_deg, boot_id
FROM breaths JOIN kept_holds USING (hold_id)
WHERE band_id = coalesce(:band, band_id)
  AND (:since IS NULL OR breaths.started_at >= :since)
  AND (:until IS NULL OR breaths.started_at < :until)
ORDER BY breaths.rowid""",
    "sessions": """SELECT session_id, band_id, started_at, ended_at, start_s, end_s, reps, holds,
  hold_s, boot_id FROM sessions
WHERE band_id = coalesce(:band, band_id)
  AND (:since IS NULL OR started_at >= :since) AND (:until IS NULL OR started_at < :until)
ORDER BY rowid""",
    "events": """SELECT json FROM events
WHERE band_id = coalesce(:band, band_id)
  AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)
ORDER BY position""",
}
EVENT_COLUMNS = (
    "event",
    *dict.fromkeys(field for kind in get_args(Event) for field in kind.__struct_fields__),
)
# A recording has exactly these; the JSON formats say `at` and `boot_id` with each sample too.
SAMPLE_COLUMNS = ("time_s", "x_g", "y_g", "z_g")


def table(history: History, kind: Kind, wanted: Wanted) -> Table:
    """The rows of a kind. Raises StretchbandError when the samples would not be of one clock."""
    if wanted.boot_id is not None and kind != "samples":
        raise StretchbandError(f"--boot is for samples only; {kind} are not bound to one clock")
    if kind == "samples":
        band = _only_band(history) if wanted.band_id is None else history.band(wanted.band_id)
        return _samples(history, band, wanted)
    if wanted.band_id is not None:
        history.band(wanted.band_id)
    sql, parameters = _QUERIES[kind], _parameters(wanted)
    expected = history.count(sql, parameters)
    found = history.rows(sql, parameters)
    if kind == "events":
        events = (msgspec.json.decode(text) for (text,) in found)
        return Table(EVENT_COLUMNS, _batches(events), expected)
    columns = history.columns(sql, parameters)
    return Table(columns, _batches(dict(zip(columns, row, strict=True)) for row in found), expected)


def finished_holds(history: History, wanted: Wanted) -> tuple[Table, int]:
    """The holds whose end and wall time are known, session by session, and how many are left out.

    For formats that are read as health or sports data: there a hold has its moment and its length.
    """
    every = table(history, "holds", wanted)
    sql = (
        f"SELECT * FROM ({_QUERIES['holds']})"  # noqa: S608 - our own query
        " WHERE started_at IS NOT NULL AND ended_at IS NOT NULL AND duration_s IS NOT NULL"
        " ORDER BY band_id, started_at"
    )
    parameters = _parameters(wanted)
    kept = history.count(sql, parameters)
    rows = (dict(zip(every.columns, row, strict=True)) for row in history.rows(sql, parameters))
    return Table(every.columns, _batches(rows), kept), every.expected - kept


def _parameters(wanted: Wanted) -> dict[str, Cell]:
    return {
        "since": wanted.period.since,
        "until": wanted.period.until,
        "band": wanted.band_id,
    }


def _batches(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield batch


def _samples(history: History, band: Band, wanted: Wanted) -> Table:
    span_s = (wanted.period.since_s, wanted.period.until_s)
    boot = _one_boot(history, band, wanted)
    if boot is None:
        return Table(SAMPLE_COLUMNS, iter(()), 0)
    blocks = sample_blocks(history, band, boot, span_s)
    batches = (_sample_rows(dated, boot.boot_id) for dated in blocks if len(dated.block))
    return Table(SAMPLE_COLUMNS, batches, count_samples(history, band.band_id, boot, span_s))


def _sample_rows(dated: DatedBlock, boot_id: int) -> list[Row]:
    block = dated.block
    at = dated.at or repeat(None, len(block))
    return [
        # A step is a multiple of 1/16 ms: what comes after 1e-7 s is the rounding of the sum.
        {"time_s": round(t_s, 7), "x_g": x, "y_g": y, "z_g": z, "at": when, "boot_id": boot_id}
        for t_s, (x, y, z), when in zip(block.t_s.tolist(), block.acc_g.tolist(), at, strict=True)
    ]


def _only_band(history: History) -> Band:
    bands = history.bands()
    if len(bands) != 1:
        names = ", ".join(band.band_id for band in bands) or "none yet"
        raise StretchbandError(f"samples are of one band: choose it with --band, of {names}")
    return bands[0]


def _one_boot(history: History, band: Band, wanted: Wanted) -> Boot | None:
    """Times rise within one start of the band only, so a recording is of one."""
    period = wanted.period
    found = boots(history, band.band_id)
    if wanted.boot_id is not None:
        found = [_boot(found, wanted.boot_id, band)]
    found = [boot for boot in found if boot.meets(period.since_s, period.until_s)]
    if len(found) > 1:
        raise StretchbandError(
            f"{band.band_id} was started {len(found)} times in this period and its clock began"
            f" anew each time: choose one with --boot, such as {_describe(found[-LISTED_BOOTS:])}"
        )
    return found[0] if found else None


def _boot(known: list[Boot], boot_id: int, band: Band) -> Boot:
    for boot in known:
        if boot.boot_id == boot_id:
            return boot
    there = _describe(known[-LISTED_BOOTS:]) or "none yet"
    raise StretchbandError(f"no --boot {boot_id} of {band.band_id} is stored; there: {there}")


def _describe(found: list[Boot]) -> str:
    return ", ".join(f"{b.boot_id} (from {b.began_at or 'an unknown time'})" for b in found)
