"""What the page asks the history: a few sums for each day, and one session whole."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from statistics import median
from typing import Any

import msgspec
import numpy as np

from tracker.store import PAIN_IN_SESSION, History, boots, sample_blocks

SHORTEST_RATE_S = 20.0  # a shorter hold has too few breaths to stand for a month


class Day(msgspec.Struct, frozen=True, array_like=True):
    """One day with a hold: when, seconds held, how many holds."""

    date: str
    hold_s: float
    holds: int


class Week(msgspec.Struct, frozen=True, array_like=True):
    """Seconds of one stretch on each leg in the week from this Monday."""

    monday: str
    stretch: str
    left_s: float
    right_s: float
    unknown_s: float


class Month(msgspec.Struct, frozen=True, array_like=True):
    """Breaths a minute, the median of the month's longer holds, and of how many."""

    month: str
    rate_bpm: float
    holds: int


class Longest(msgspec.Struct, frozen=True):
    """The longest hold that was never strained and was let go freely."""

    stretch: str
    side: str | None
    duration_s: float
    started_at: str


class Past(msgspec.Struct, frozen=True):
    """Everything that the first look at the history draws."""

    days: list[Day]
    weeks: list[Week]
    months: list[Month]
    longest: list[Longest]
    hold_s: float
    holds: int


_HOLDS = """SELECT started_at, stretch, side, duration_s, breath_rate_bpm, strains, reason
FROM kept_holds WHERE end_s IS NOT NULL AND started_at IS NOT NULL ORDER BY started_at"""


def past(history: History, tz: tzinfo | None = None) -> Past:
    """The whole history in sums of local days, weeks from Monday, and months; tz None: here."""
    days: dict[date, list[float]] = defaultdict(lambda: [0.0, 0.0])
    weeks: dict[tuple[date, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    rates: dict[str, list[float]] = defaultdict(list)
    longest: dict[tuple[str, str | None], Longest] = {}
    column = {"left": 0, "right": 1}
    known: dict[tuple[str, int], date] = {}
    for started_at, stretch, side, duration_s, rate, strains, reason in history.rows(_HOLDS, ()):
        day = _local_day(started_at, tz, known)
        days[day][0] += duration_s
        days[day][1] += 1
        monday = day - timedelta(days=day.weekday())
        weeks[monday, stretch][column.get(side, 2)] += duration_s
        if rate is not None and duration_s >= SHORTEST_RATE_S:
            rates[day.isoformat()[:7]].append(rate)
        best = longest.get((stretch, side))
        calm = strains == 0 and reason == "released"
        if calm and (best is None or duration_s > best.duration_s):
            longest[stretch, side] = Longest(stretch, side, duration_s, started_at)
    return Past(
        days=[Day(d.isoformat(), round(s, 1), int(n)) for d, (s, n) in days.items()],
        weeks=[
            Week(d.isoformat(), stretch, *(round(s, 1) for s in sides))
            for (d, stretch), sides in weeks.items()
        ],
        months=[Month(m, round(median(found), 2), len(found)) for m, found in rates.items()],
        longest=sorted(longest.values(), key=lambda one: -one.duration_s),
        hold_s=round(sum(s for s, _ in days.values()), 1),
        holds=int(sum(n for _, n in days.values())),
    )


def _local_day(at: str, tz: tzinfo | None, known: dict[tuple[str, int], date]) -> date:
    """The day of a moment in UTC; days begin and clocks are set on a quarter of an hour."""
    quarter = at[:14], int(at[14:16]) // 15
    if quarter not in known:
        known[quarter] = datetime.fromisoformat(at).astimezone(tz).date()
    return known[quarter]


_SESSIONS = f"""SELECT s.session_id, s.band_id, s.started_at, s.ended_at, s.reps,
  count(h.hold_id), total(h.duration_s),
  (SELECT count(*) FROM commands AS c WHERE {PAIN_IN_SESSION})
FROM (SELECT * FROM sessions WHERE started_at < :before ORDER BY started_at DESC LIMIT :limit) AS s
LEFT JOIN holds AS h ON h.session_id = s.session_id AND h.end_s IS NOT NULL
  AND h.hold_id NOT IN (SELECT hold_id FROM corrections WHERE deleted = 1)
GROUP BY s.session_id ORDER BY s.started_at DESC"""  # noqa: S608 - our own words


def sessions(history: History, before: str, limit: int) -> list[dict[str, Any]]:
    """Sessions that began before this moment (RFC 3339 UTC), the latest first."""
    names = ("session_id", "band_id", "started_at", "ended_at", "reps", "holds", "hold_s", "pains")
    rows = history.rows(_SESSIONS, {"before": before, "limit": limit})
    return [dict(zip(names, row, strict=True)) for row in rows]


_HOLDS_OF = """SELECT h.hold_id, h.started_at, h.start_s, h.end_s, h.duration_s, h.angle_deg,
  h.depth_gain_deg, h.breaths, h.breath_rate_bpm, h.strains, h.reason, h.stretch AS
  measured_stretch, h.side AS measured_side, c.stretch, c.side, coalesce(c.deleted, 0) AS deleted,
  c.note FROM holds AS h LEFT JOIN corrections AS c USING (hold_id)
WHERE h.session_id = ? AND h.end_s IS NOT NULL ORDER BY h.start_s"""
_BREATHS_OF = """SELECT b.hold_id, b.number, b.exhale_start_s, b.exhale_end_s, b.end_s, b.depth_deg
FROM breaths AS b JOIN holds AS h USING (hold_id) WHERE h.session_id = ?
ORDER BY b.exhale_start_s"""
_PAINS_OF = f"""SELECT c.t_s, json_extract(nullif(c.payload, ''), '$.note') AS note
FROM sessions AS s JOIN commands AS c ON {PAIN_IN_SESSION}
WHERE s.session_id = ? ORDER BY c.t_s"""  # noqa: S608 - our own words


def session(history: History, session_id: str) -> dict[str, Any] | None:
    """One session: its holds, measured and corrected, its breaths, and where it hurt.

    Pain may have ended a hold too short to count: it is told by when it was said. None: there is
    no such session.
    """
    found = list(
        history.rows(
            "SELECT session_id, band_id, boot_id, start_s, last_s, started_at FROM sessions"
            " WHERE session_id = ?",
            (session_id,),
        )
    )
    if not found:
        return None
    names = ("session_id", "band_id", "boot_id", "start_s", "last_s", "started_at")
    return {
        **dict(zip(names, found[0], strict=True)),
        "holds": _records(history, _HOLDS_OF, session_id),
        "breaths": _records(history, _BREATHS_OF, session_id),
        "pains": _records(history, _PAINS_OF, session_id),
    }


def angles(history: History, told: dict[str, Any], margin_s: float = 10.0) -> bytes:
    """Little-endian float32 pairs, one a sample: seconds from the session's start, and degrees.

    The angle is that of the leg against the vertical, 0 standing, 180 with the foot straight up.
    """
    band = history.band(told["band_id"])
    boot = next((b for b in boots(history, band.band_id) if b.boot_id == told["boot_id"]), None)
    if boot is None:
        return b""
    first_s, last_s = told["start_s"] - margin_s, (told["last_s"] or told["start_s"]) + margin_s
    pieces: list[bytes] = []
    for dated in sample_blocks(history, band, boot, _wall_span(boot.clock.wall_s, first_s, last_s)):
        t_s, acc = dated.block.t_s, dated.block.acc_g
        inside = (t_s >= first_s) & (t_s <= last_s)
        length = np.maximum(np.sqrt((acc * acc).sum(axis=1)), 1e-3)
        degrees = np.degrees(np.arccos(np.clip(acc[:, 1] / length, -1.0, 1.0)))
        pair = np.column_stack([t_s - told["start_s"], degrees])[inside]
        pieces.append(pair.astype("<f4").tobytes())
    return b"".join(pieces)


def _wall_span(wall_s: Any, first_s: float, last_s: float) -> tuple[float, float]:
    first, last = wall_s(first_s), wall_s(last_s)
    return (-math.inf, math.inf) if first is None or last is None else (first, last)


def _records(history: History, sql: str, *parameters: str) -> list[dict[str, Any]]:
    names = history.columns(sql, parameters)
    rows: Iterable[tuple[Any, ...]] = history.rows(sql, parameters)
    return [dict(zip(names, row, strict=True)) for row in rows]
