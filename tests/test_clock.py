"""Band seconds become wall time: late arrivals do not matter, drift and set clocks are followed."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tracker.clock import BandClock, ClockNews, ClockPoint, line_below, rfc3339

START = 1_795_000_000.0
BOOTED = START - 5000.0  # when the host was started: its steady clock's zero
HOUR, DAY, YEAR = 3600.0, 86400.0, 365 * 86400.0
NEAR_S = 0.05


class House:
    """A band, the air between, and a host whose clock may be set; the truth beside them."""

    def __init__(self, drift: float = 0.0, late_s: Callable[[], float] = lambda: 0.02) -> None:
        self.clock = BandClock()
        self.news: list[ClockNews] = []
        self.set_s = 0.0  # how far the host's clock is off the truth
        self.host = "first start"
        self.booted = BOOTED
        self._drift, self._late_s = drift, late_s

    def band_s(self, true_s: float) -> float:
        """What the band's clock shows."""
        return true_s * (1 + self._drift)

    def hears(self, taken_s: float, late_s: float | None = None, *, prompt: bool = False) -> None:
        """What the band took `taken_s` after START arrives."""
        arrived_s = START + taken_s + (self._late_s() if late_s is None else late_s)
        self.news += self.clock.observe(
            self.band_s(taken_s),
            arrived_s + self.set_s,
            self.booted + self.set_s,
            self.host,
            prompt=prompt,
        )

    def live(self, from_s: float, to_s: float, every_s: float = 0.5) -> None:
        """Frames twice a second."""
        for i in range(round((to_s - from_s) / every_s)):
            self.hears(from_s + i * every_s)

    def off_s(self, taken_s: float, clock: BandClock | None = None) -> float:
        """How far from the truth the time of that moment is."""
        wall_s = (clock or self.clock).wall_s(self.band_s(taken_s))
        assert wall_s is not None
        return wall_s - (START + taken_s)

    def restarted(self) -> None:
        """The daemon is, and knows what was kept."""
        self.clock = BandClock(self.news)


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


@pytest.mark.parametrize("drift", [200e-6, -200e-6, 0.0])
def test_a_band_that_runs_fast_or_slow_is_dated_right_from_the_tenth_second_on(
    drift: float,
) -> None:
    late = random.Random(1)
    house = House(drift, lambda: 0.01 + late.expovariate(1 / 0.05))
    house.live(0.0, 10.0)
    off_s = []
    for minute in range(240):
        for second in range(10, 70, 5):
            house.live(minute * 60.0 + second, minute * 60.0 + second + 5.0)
            off_s.append(house.off_s(minute * 60.0 + second + 5.0))
    assert max(off_s) < NEAR_S
    assert min(off_s) > -NEAR_S


def test_a_drift_that_changes_with_the_warmth_of_the_leg_is_followed() -> None:
    house, off_s, band_s = House(), [], 0.0
    for half_minute in range(24 * 120):
        drift = 20e-6 if (half_minute // 720) % 2 else -5e-6  # six hours worn, six beside the bed
        true_s = half_minute * 30.0
        band_s += 30.0 * (1 + drift)
        house.clock.observe(band_s, START + true_s + 0.02)
        off_s.append(abs((house.clock.wall_s(band_s) or 0.0) - (START + true_s)))
    assert max(off_s) < NEAR_S


def test_two_hours_out_of_range_are_dated_right_when_they_are_read() -> None:
    house = House(drift=200e-6)
    house.live(0.0, 900.0)
    house.hears(8100.0, 0.05, prompt=True)
    for i in range(14_400):  # the ring is read at a hundred frames a second
        house.hears(900.0 + i / 2, 7200.0 - i / 2 + i / 100)
    house.live(8100.0, 8160.0)
    for taken_s in (1000.0, 4500.0, 8000.0, 8150.0):
        assert abs(house.off_s(taken_s)) < NEAR_S


@pytest.mark.parametrize("step_s", [HOUR, -HOUR, YEAR, -YEAR, 0.4, -0.4])
def test_a_clock_that_is_set_is_followed_from_the_next_frame_on(step_s: float) -> None:
    house = House(drift=200e-6)
    house.live(0.0, 600.0)
    house.set_s = step_s
    house.hears(600.0)
    assert abs(house.off_s(600.0) - step_s) < NEAR_S
    house.live(600.5, 1200.0)
    house.set_s = 0.0
    house.live(1200.0, 1800.0)
    for taken_s in (10.0, 300.0, 599.0, 1201.0, 1500.0, 1799.0):
        assert abs(house.off_s(taken_s)) < NEAR_S
    for taken_s in (601.0, 900.0, 1199.0):
        assert abs(house.off_s(taken_s) - step_s) < NEAR_S


def test_what_was_learnt_and_kept_dates_the_same_after_a_restart() -> None:
    late = random.Random(2)
    house = House(200e-6, lambda: 0.01 + late.expovariate(1 / 0.05))
    for step_s, from_s in ((0.0, 0.0), (HOUR, 700.0), (-YEAR, 1400.0), (0.0, 2100.0)):
        house.set_s = step_s
        house.live(from_s, from_s + 700.0)
    again = BandClock(house.news)
    for taken_s in range(0, 2800, 50):
        assert again.wall_s(house.band_s(taken_s)) == house.clock.wall_s(house.band_s(taken_s))


def test_a_clock_set_while_the_daemon_was_down_is_seen_when_it_is_back() -> None:
    house = House(drift=-200e-6)
    house.live(0.0, 600.0)
    house.restarted()
    house.set_s = HOUR
    house.hears(900.0, 0.04, prompt=True)
    assert abs(house.off_s(900.0) - HOUR) < NEAR_S
    assert abs(house.off_s(300.0)) < NEAR_S


@pytest.mark.parametrize("set_s", [0.0, 5.0, -5.0, -YEAR])
def test_a_host_that_was_started_again_is_believed_anew(set_s: float) -> None:
    house = House()
    house.live(0.0, 600.0)
    house.host, house.booted, house.set_s = "second start", START + 650.0, set_s
    house.restarted()
    house.hears(700.0, 0.04, prompt=True)
    for i in range(100):  # out of the ring
        house.hears(600.0 + i, 100.0 - i + i / 100)
    house.live(702.0, 800.0)
    assert abs(house.off_s(750.0) - set_s) < NEAR_S
    assert abs(house.off_s(300.0)) < NEAR_S
    assert abs(house.off_s(650.0) - set_s) < NEAR_S  # taken meanwhile: by the clock as it is now


def test_where_the_steady_clock_is_not_known_an_answer_shows_that_it_was_set() -> None:
    clock = BandClock()
    for i in range(1200):
        clock.observe(i / 2, START + i / 2 + 0.02)
    clock.observe(700.0, START + HOUR + 700.05, prompt=True)
    assert abs((clock.wall_s(700.0) or 0) - (START + HOUR + 700.0)) < 0.1
    assert abs((clock.wall_s(300.0) or 0) - (START + 300.0)) < NEAR_S


def test_a_late_answer_and_old_frames_are_not_taken_for_a_clock_that_was_set() -> None:
    house = House()
    house.live(0.0, 600.0)
    house.hears(1800.0, 7.9, prompt=True)
    for i in range(2400):
        house.hears(600.0 + i / 2, 1208.0 - i / 2 + i / 100)
    house.live(1801.0, 1860.0)
    for taken_s in (300.0, 1200.0, 1790.0, 1850.0):
        assert abs(house.off_s(taken_s)) < NEAR_S


def test_a_month_without_a_reboot_keeps_a_day_of_points() -> None:
    house = House(drift=30e-6)
    for minute in range(30 * 24 * 60):
        house.hears(minute * 60.0)
    assert sum(len(points) for points in house.clock._runs.values()) == 24 * 60
    assert abs(house.off_s(30 * DAY)) < NEAR_S


def test_a_slope_that_no_crystal_has_is_not_followed() -> None:
    points = [ClockPoint(60.0 * i, 5.0 - 0.5 * i) for i in range(30)]
    assert line_below(points) == (points[-1].offset_s, 0.0)


def test_time_is_written_in_utc_with_milliseconds() -> None:
    assert rfc3339(0.1204) == "1970-01-01T00:00:00.120Z"
