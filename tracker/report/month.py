"""What a month came to: figures only, and how many of them are not known."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from statistics import median

from tracker.detect.events import Side
from tracker.errors import StretchbandError
from tracker.store import History, Hold

_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True)
class DatedHold:
    """A finished hold and when it began, in the wearer's time zone."""

    hold: Hold
    began: datetime

    @property
    def held_s(self) -> float:
        """Seconds held."""
        return self.hold.duration_s or 0.0

    @property
    def calm(self) -> bool:
        """Never bounced, forced or trembled, and let go freely."""
        return self.hold.strains == 0 and self.hold.reason == "released"


@dataclass(frozen=True, slots=True)
class StretchOfMonth:
    """The holds of one stretch on one side; the middle one of each figure, None: none is known.

    rate_known: of how many holds the breath rate is known.
    """

    stretch: str
    side: Side | None
    holds: int
    held_s: float
    middle_s: float
    longest_s: float
    angle_deg: float | None
    gain_deg: float | None
    rate_bpm: float | None
    rate_known: int


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in a time zone, as far as it has gone.

    until:     its last day; while it goes on today, or the day of the latest hold.
    zones:     what that time zone was called, two where daylight saving began or ended.
    renamed:   holds whose stretch or leg the wearer corrected; they count as corrected.
    no_holds:  holds that were none, as the wearer says; they are not in it.
    undated:   holds of the whole history without a wall time: they are in no month.
    missing_s: seconds whose samples the band no longer had when it was in reach again.
    pains:     how often the wearer said that it hurt where no hold was counted.
    """

    first: date
    last: date
    until: date
    zones: tuple[str, ...]
    bands: tuple[str, ...]
    holds: tuple[DatedHold, ...]
    renamed: int
    no_holds: int
    undated: int
    missing_s: float
    pains: int

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + timedelta(days=n) for n in range(self.last.day)]

    @property
    def stretches(self) -> tuple[StretchOfMonth, ...]:
        """By stretch, the one held longest first, and side: left, right, not known."""
        names = sorted({each.hold.stretch for each in self.holds})
        names.sort(key=lambda name: -self.held_s(lambda each: each.hold.stretch == name))
        sides: tuple[Side | None, ...] = ("left", "right", None)
        found = ((name, side, self._of(name, side)) for name in names for side in sides)
        return tuple(_summary(name, side, holds) for name, side, holds in found if holds)

    @property
    def longest_calm(self) -> DatedHold | None:
        """The longest of the calm holds."""
        return max((each for each in self.holds if each.calm), key=_held_s, default=None)

    @property
    def practised(self) -> int:
        """On how many days there was a hold."""
        return len({each.began.date() for each in self.holds})

    def held_s(self, which: Callable[[DatedHold], bool] = lambda _: True) -> float:
        """Seconds held in all, or of some."""
        return sum(each.held_s for each in self.holds if which(each))

    def side_s(self, side: Side | None, stretch: str | None = None) -> float:
        """Seconds held on a side, of one stretch or of all; None: those whose side is not known."""
        return self.held_s(
            lambda each: each.hold.side == side and stretch in {None, each.hold.stretch}
        )

    def _of(self, stretch: str, side: Side | None) -> list[Hold]:
        each = (dated.hold for dated in self.holds)
        return [hold for hold in each if (hold.stretch, hold.side) == (stretch, side)]


def parse_month(text: str | None, today: date) -> date:
    """The first day of the month a person wrote, of today's without one.

    Raises StretchbandError: what was given and what is allowed.
    """
    if text is None:
        return today.replace(day=1)
    try:
        found = _MONTH.fullmatch(text)
        if found is None or not 1970 <= int(found[1]) < date.max.year:
            raise ValueError(text)
        return date(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise StretchbandError(f'--month "{text}" is no month: give one such as 2026-11') from None


def month_of(
    history: History, band_id: str | None, first: date, today: date, zone: tzinfo | None = None
) -> Month:
    """The month that begins with `first`; band_id None: of all bands, zone None: this machine's."""
    last = first.replace(day=monthrange(first.year, first.month)[1])
    found = history.holds_of_days(band_id, first, last, zone)
    holds = tuple(DatedHold(hold, _local(hold.started_at or "", zone)) for hold in found)
    renamed, no_holds = history.corrected_holds(band_id, first, last, zone)
    latest = max((each.began.date() for each in holds), default=first)
    return Month(
        first=first,
        last=last,
        until=max(latest, min(last, today)),
        zones=_zones(first, last, zone),
        bands=tuple(dict.fromkeys(hold.band_id for hold in found)),
        holds=holds,
        renamed=renamed,
        no_holds=no_holds,
        undated=history.undated_holds(band_id),
        missing_s=history.missing_s(band_id, first, last, zone),
        pains=history.pain_in_no_hold(band_id, first, last, zone),
    )


def _zones(first: date, last: date, zone: tzinfo | None) -> tuple[str, ...]:
    noons = (datetime.combine(day, time(12), zone).astimezone(zone) for day in (first, last))
    names = (f"{noon:%Z}" for noon in noons)  # some zones have no name but "-03"
    return tuple(dict.fromkeys(name if name[:1].isalpha() else f"UTC{name}" for name in names))


def _local(at: str, zone: tzinfo | None) -> datetime:
    return datetime.fromisoformat(at).astimezone(zone)


def _summary(stretch: str, side: Side | None, holds: Sequence[Hold]) -> StretchOfMonth:
    lengths = [hold.duration_s or 0.0 for hold in holds]
    rates = [hold.breath_rate_bpm for hold in holds if hold.breath_rate_bpm is not None]
    return StretchOfMonth(
        stretch,
        side,
        len(holds),
        sum(lengths),
        median(lengths),
        max(lengths),
        _middle([hold.angle_deg for hold in holds]),
        _middle([hold.depth_gain_deg for hold in holds]),
        _middle(rates),
        len(rates),
    )


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _held_s(each: DatedHold) -> float:
    return each.held_s
