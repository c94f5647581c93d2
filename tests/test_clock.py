"""Band seconds become wall time: late arrivals do not matter, drift is followed."""

from __future__ import annotations

import random

from tracker.clock import BandClock, ClockPoint, line_below, rfc3339

START = 1_795_000_000.0


def test_without_an_arrival_there_is_no_time() -> None:
    assert BandClock().at(5.0) is None


def test_the_least_late_arrival_counts() -> None:
    clock = BandClock()
    for band_s, late_s in ((10.0, 0.3), (10.5, 0.02), (11.0, 0.4)):
        clock.observe(band_s, START + band_s + late_s)
    assert abs((clock.wall_s(20.0) or 0) - (START + 20.02)) < 1e-6
    assert clock.at(10.0) == rfc3339(START + 10.02)


def test_a_log_read_hours_later_gets_the_times_it_was_taken_at() -> None:
    clock = BandClock()
    now = START + 7200.0
    for second in range(0, 7200, 30):  # two hours from the ring arrive within a second
        clock.observe(float(second), now + second / 7200)
    clock.observe(7200.5, START + 7200.52)
    assert abs((clock.wall_s(60.0) or 0) - (START + 60.02)) < 0.05


def test_drift_is_followed_within_20_ms_over_a_day() -> None:
    late = random.Random(1)
    clock = BandClock()
    for second in range(0, 86400, 5):
        true = START + second
        clock.observe(second * (1 + 150e-6), true + 0.01 + late.expovariate(1 / 0.05))
    for second in (43_000, 80_000, 86_400):
        assert abs((clock.wall_s(second * (1 + 150e-6)) or 0) - (START + second + 0.01)) < 0.02


def test_a_slope_that_no_crystal_has_is_not_followed() -> None:
    points = [ClockPoint(60.0 * i, 5.0 - 0.5 * i) for i in range(30)]
    assert line_below(points) == (points[-1].offset_s, 0.0)


def test_time_is_written_in_utc_with_milliseconds() -> None:
    assert rfc3339(0.1204) == "1970-01-01T00:00:00.120Z"
