"""What stands on the retained topics and in `live`: records, and how an event changes them.

Nothing here ticks. A hold says when it began and its target; whoever shows it counts the seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from tracker.detect.events import (
    Event,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    Side,
    WallTime,
    Worn,
)
from tracker.detect.live import Phase

# Raised when a field changes its meaning; new fields do not raise it.
SCHEMA = 1
# Steps coarse enough that the radio's noise does not change a retained topic each time.
_RSSI_STEP_DB = 10

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


class _Point(Protocol):
    @property
    def t_s(self) -> float: ...
    @property
    def angle_deg(self) -> float | None: ...
    @property
    def breath_deg(self) -> float | None: ...
    @property
    def phase(self) -> Phase: ...


class _Total(Protocol):
    @property
    def stretch(self) -> str: ...
    @property
    def side(self) -> Side | None: ...
    @property
    def holds(self) -> int: ...
    @property
    def hold_s(self) -> float: ...


def after(state: BandState, event: Event, target_s: float | None) -> BandState:
    """The band's state once this event has happened; the same object when it changes nothing.

    target_s: the target of a hold that begins.
    """
    match event:
        case HoldStarted():
            return msgspec.structs.replace(
                state,
                holding=True,
                stretch=event.stretch,
                side=event.side,
                started_at=moment(event, event.start_s),
                target_s=target_s,
            )
        case HoldEnded():
            return msgspec.structs.replace(resting(state), last_hold=ended(event))
        case HoldDropped():
            return resting(state)
        case Worn():
            return msgspec.structs.replace(state, worn=event.worn)
        case _:
            return state


def resting(state: BandState) -> BandState:
    """The state with no hold under way."""
    return msgspec.structs.replace(
        state, holding=False, stretch=None, side=None, started_at=None, target_s=None
    )


def ended(event: HoldEnded) -> LastHold:
    """A hold as its last event tells it."""
    return LastHold(
        hold_id=event.hold_id,
        stretch=event.stretch,
        side=event.side,
        started_at=moment(event, event.start_s),
        ended_at=moment(event, event.end_s),
        duration_s=event.duration_s,
        angle_deg=event.angle_deg,
        depth_gain_deg=event.depth_gain_deg,
        breaths=event.breaths,
        breath_rate_bpm=event.breath_rate_bpm,
        reason=event.reason,
    )


def stored(hold: object) -> LastHold:
    """A hold as the store tells it: any record with the fields of LastHold."""
    return msgspec.convert(hold, LastHold, from_attributes=True)


def moment(event: Event, t_s: float) -> str | None:
    """Wall time of `t_s` on the band's clock, from the event's own; None without a wall clock."""
    if event.at is None:
        return None
    at = datetime.fromisoformat(event.at) + timedelta(seconds=t_s - event.t_s)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signal(rssi_dbm: int | None) -> int | None:
    """The radio's signal in the steps of BandState."""
    return None if rssi_dbm is None else _RSSI_STEP_DB * round(rssi_dbm / _RSSI_STEP_DB)


def today(day: date, totals: Iterable[_Total], streak_days: int) -> Today:
    """One day's totals; rows of the same stretch and side are added up."""
    stretches: dict[str, dict[str, SideTotals]] = {}
    sides = {"left": 0.0, "right": 0.0, "unknown": 0.0}
    holds = 0
    for row in totals:
        side = row.side or "unknown"
        of_stretch = stretches.setdefault(row.stretch, {})
        had = of_stretch.get(side, SideTotals())
        of_stretch[side] = SideTotals(
            holds=had.holds + row.holds, hold_s=round(had.hold_s + row.hold_s, 1)
        )
        sides[side] += row.hold_s
        holds += row.holds
    known_s = sides["left"] + sides["right"]
    return Today(
        date=day.isoformat(),
        holds=holds,
        hold_s=round(sum(sides.values()), 1),
        left_s=round(sides["left"], 1),
        right_s=round(sides["right"], 1),
        balance=round(sides["left"] / known_s, 3) if known_s > 0 else None,
        streak_days=streak_days,
        stretches={name: StretchTotals(**stretches[name]) for name in sorted(stretches)},
    )


def live(points: Sequence[_Point]) -> bytes:
    """The payload of `band/<id>/live`: an array of points, oldest first."""
    return _encoder.encode([LivePoint(p.t_s, p.angle_deg, p.breath_deg, p.phase) for p in points])
