"""From when to when: what a person may write after --since and --until."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tracker.errors import StretchbandError
from tracker.store.times import rfc3339

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"[Tt ]\d")  # without one a day in another form would be its midnight


@dataclass(frozen=True, slots=True)
class Period:
    """[since_s, until_s) in unix time; infinite where it is open."""

    since_s: float = -math.inf
    until_s: float = math.inf

    @property
    def since(self) -> str | None:
        """The beginning as RFC 3339 UTC, None when open."""
        return None if math.isinf(self.since_s) else rfc3339(self.since_s)

    @property
    def until(self) -> str | None:
        """The end as RFC 3339 UTC, None when open."""
        return None if math.isinf(self.until_s) else rfc3339(self.until_s)


def parse_period(since: str | None, until: str | None) -> Period:
    """Days and times of this machine's zone, or of the one they name; the day of --until counts.

    Raises StretchbandError: the option, what was given and what is allowed.
    """
    period = Period(
        -math.inf if since is None else _moment("--since", since, days_later=0),
        math.inf if until is None else _moment("--until", until, days_later=1),
    )
    if period.since_s >= period.until_s:
        raise StretchbandError(f"--since {since} must be before --until {until}")
    return period


def _moment(option: str, text: str, *, days_later: int) -> float:
    try:
        if _DAY.fullmatch(text):
            return _midnight(date.fromisoformat(text), days_later)
        if not _TIME.search(text):
            raise ValueError(text)
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError, OSError):
        raise StretchbandError(
            f'{option} "{text}" is no date: give a day such as 2026-11-01 or a time such as'
            " 2026-11-01T18:30 (with Z or +01:00 where it is not of this machine's zone)"
        ) from None


def _midnight(day: date, days_later: int) -> float:
    if day == date.max:  # there is no day after it, and a zone may lead beyond it
        last = time(23, 59, 59) if days_later else time()
        return datetime.combine(day, last, UTC).timestamp()
    midnight = datetime.combine(day + timedelta(days=days_later), time())
    return midnight.astimezone(UTC).timestamp()  # naive: this zone
