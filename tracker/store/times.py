"""Between RFC 3339 UTC text, which sorts as it is, unix time, and the wearer's days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from tracker.clock import rfc3339

__all__ = ["day_bounds", "local_day", "midnight", "moment_of", "rfc3339", "unix"]


def unix(at: str) -> float:
    """RFC 3339 as unix time. Raises ValueError for text that is no time with its zone."""
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(f"{at}: a time without its zone")
    return moment.timestamp()


def moment_of(at: str | None, t_s: float, wanted_s: float) -> str | None:
    """The wall time of `wanted_s`, when `at` is that of `t_s` on the same clock."""
    return None if at is None else rfc3339(unix(at) + (wanted_s - t_s))


def day_bounds(first: date, last: date, zone: tzinfo | None) -> tuple[str, str]:
    """The days first to last, both whole, in `zone` (None: this machine's) as [from, to) in UTC."""
    return (midnight(first, zone), midnight(last + timedelta(days=1), zone))


def midnight(day: date, zone: tzinfo | None) -> str:
    """When `day` begins in `zone` (None: this machine's)."""
    begin = datetime.combine(day, time(), tzinfo=zone)  # naive is this machine's zone to astimezone
    return rfc3339(begin.astimezone(UTC).timestamp())


def local_day(at: str, zone: tzinfo | None) -> date:
    """The day in `zone` (None: this machine's) of a time."""
    return datetime.fromisoformat(at).astimezone(zone).date()
