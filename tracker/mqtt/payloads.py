"""What stands on the retained topics and in `live`, as records; `telling.py` fills them.

Nothing here ticks. A hold says when it began and its target; whoever shows it counts the seconds.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tracker.detect.events import (
    Side,
    WallTime,
)
from tracker.detect.live import Phase

# Raised when a field changes its meaning; new fields do not raise it.
SCHEMA = 1

Leg = Literal["auto", "left", "right"]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]

_encoder = msgspec.json.Encoder()


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is published as one JSON object."""

    def to_json(self) -> bytes:
        """The payload; the same record always gives the same bytes."""
        return _encoder.encode(self)


class Info(Payload, frozen=True, kw_only=True):
    """`bridge/info`: which program this is, since when, for which bands."""

    name: Literal["stretchband"] = "stretchband"
    version: str
    schema: int = SCHEMA
    started_at: WallTime
    bands: list[str]


class BandHealth(Payload, frozen=True, kw_only=True):
    """How the link to one band does; faults are counted since the start.

    trouble: one sentence while it is not as it should be, and what to do; None when all is well.
    """

    connected: bool
    last_sample_age_s: int | None
    reconnects: int
    faults: dict[str, int] = {}
    trouble: str | None = None


class Health(Payload, frozen=True, kw_only=True):
    """`bridge/health`: sent once a minute or so, by the heartbeat.

    outbox_depth:      events that the broker has not taken yet.
    last_sample_age_s: since the newest sample of any band, None when there was none.
    store_fault:       what keeps the history from being written, None when nothing does.
    """

    outbox_depth: int
    last_sample_age_s: int | None
    memory_mb: int
    mqtt_protocol: str | None
    mqtt_reconnects: int
    mqtt_fault: str | None
    store_fault: str | None = None
    commands_refused: dict[str, int]
    bands: dict[str, BandHealth]


class LastHold(Payload, frozen=True, kw_only=True):
    """The latest finished hold. Times are RFC 3339 UTC, None where there is no wall clock."""

    hold_id: str
    stretch: str
    side: Side | None
    started_at: WallTime | None
    ended_at: WallTime | None
    duration_s: float | None
    angle_deg: float | None
    depth_gain_deg: float | None
    breaths: int | None
    breath_rate_bpm: float | None
    reason: str | None


class TaughtName(msgspec.Struct, frozen=True, kw_only=True):
    """What a taught posture is called, and for which leg it is."""

    name: str
    side: Side | None


class LessonState(msgspec.Struct, frozen=True, kw_only=True):
    """How the last word about a posture was taken; `why` says what went wrong."""

    name: str
    side: Side | None
    state: Literal["waiting", "learnt", "failed", "forgotten"]
    why: str | None = None


class TaughtState(Payload, frozen=True, kw_only=True):
    """`band/<id>/taught`: the wearer's own postures, and the lesson since the daemon's start."""

    taught: list[TaughtName]
    lesson: LessonState | None = None


class BandState(Payload, frozen=True, kw_only=True):
    """`band/<id>/state`. stretch, side, started_at and target_s belong to the hold under way.

    leg:      which one the wearer or the config says it is.
    battery:  percent.
    rssi_dbm: the radio's signal, in steps of 10 dB.
    """

    holding: bool = False
    stretch: str | None = None
    side: Side | None = None
    started_at: WallTime | None = None
    target_s: float | None = None
    last_hold: LastHold | None = None
    worn: bool | None = None
    leg: Leg = "auto"
    connected: bool = False
    battery: int | None = None
    rssi_dbm: int | None = None
    firmware: str | None = None


class SideTotals(Payload, frozen=True, kw_only=True):
    """Holds and seconds of one stretch on one leg."""

    holds: int = 0
    hold_s: float = 0.0


class StretchTotals(Payload, frozen=True, kw_only=True):
    """One stretch on both legs; `unknown` where gravity did not tell the leg."""

    left: SideTotals = SideTotals()
    right: SideTotals = SideTotals()
    unknown: SideTotals = SideTotals()


class Today(Payload, frozen=True, kw_only=True):
    """`band/<id>/today`: the totals of one day, on the daemon's local clock.

    balance: the left leg's share of the seconds of known legs, 0.5 even.
    """

    date: Day
    holds: int
    hold_s: float
    left_s: float
    right_s: float
    balance: float | None
    streak_days: int
    stretches: dict[str, StretchTotals]


class LivePoint(msgspec.Struct, frozen=True, array_like=True):
    """One of ten points a second, written as an array: [t_s, angle_deg, breath_deg, phase]."""

    t_s: float
    angle_deg: float | None
    breath_deg: float | None
    phase: Phase
