"""Days and times as people write them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tracker.errors import StretchbandError
from tracker.export import Period, parse_period


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-11-01", "2026-10-31T23:00:00.000Z"),
        ("2026-07-01", "2026-06-30T22:00:00.000Z"),
        ("2026-11-01T18:30", "2026-11-01T17:30:00.000Z"),
        ("2026-11-01 18:30:15", "2026-11-01T17:30:15.000Z"),
        ("2026-11-01T18:30Z", "2026-11-01T18:30:00.000Z"),
        ("2026-11-01T18:30:00.250-05:00", "2026-11-01T23:30:00.250Z"),
    ],
)
def test_since_is_of_this_machines_zone_or_the_one_it_names(since: str, expected: str) -> None:
    period = parse_period(since, None)
    assert (period.since, period.until) == (expected, None)


def test_until_a_day_takes_the_whole_day_in_also_one_of_25_hours() -> None:
    period = parse_period("2026-10-25", "2026-10-25")
    assert (period.since, period.until) == ("2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z")


def test_until_a_time_ends_there() -> None:
    assert parse_period(None, "2026-11-01T12:00").until == "2026-11-01T11:00:00.000Z"


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_last_day_there_is_stands_for_no_end(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert parse_period("2026-11-01", "9999-12-31").until == "9999-12-31T23:59:59.000Z"
    assert parse_period("9999-12-31", "9999-12-31").since == "9999-12-31T00:00:00.000Z"
    assert str(parse_period(None, "9999-12-30").until).startswith("9999-12-3")


def test_without_both_it_is_all_time() -> None:
    assert parse_period(None, None) == Period()


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-13-01", "2026-02-30", "01.11.2026", "2026-11-01T25:00", "0001-01-01",
        "20261123", "2026-W48", "2026-W48-1", "2026W481",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(StretchbandError) as error:
        parse_period(text, None)
    assert str(error.value).startswith(f'--since "{text}" is no date: give a day such as 2026-')


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(StretchbandError, match="--since 2026-11-02 must be before --until"):
        parse_period("2026-11-02", "2026-11-01")
