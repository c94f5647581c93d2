"""What do an event, a day's totals and the leg's motion make of the payloads?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import msgspec

from tracker.detect.events import Event, HoldDropped, HoldEnded, HoldStarted, Side, Worn
from tracker.detect.live import Phase
from tracker.mqtt.payloads import (
    BandState,
    LastHold,
    LivePoint,
    SideTotals,
    StretchTotals,
    Today,
)

# Steps coarse enough that the radio's noise does not change a retained topic each time.
_RSSI_STEP_DB = 10

_encoder = msgspec.json.Encoder()


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
