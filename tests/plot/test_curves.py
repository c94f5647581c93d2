from __future__ import annotations

import numpy as np

from tracker.plot.curves import thinned

DAY_S = 86_400.0


def test_a_day_is_thinned_to_the_columns_and_keeps_every_peak() -> None:
    t_s = np.arange(0.0, DAY_S, 0.2)
    values = np.sin(t_s / 1000.0)
    values[123_457], values[300_001] = 40.0, -50.0
    few_s, few = thinned(t_s, values, 1600)
    assert len(few) <= 2 * 1600
    assert (np.diff(few_s) >= 0).all()
    assert (few.max(), few.min()) == (40.0, -50.0)
    assert abs(few_s[few.argmax()] - t_s[123_457]) < DAY_S / 1600


def test_a_short_curve_is_left_as_it_is() -> None:
    t_s = np.arange(0.0, 60.0, 0.2)
    few_s, few = thinned(t_s, t_s * 2, 1600)
    assert (few_s == t_s).all()
    assert (few == t_s * 2).all()


def test_a_curve_is_broken_where_points_are_missing() -> None:
    for columns in (1600, 30):
        t_s = np.arange(0.0, 100.0, 0.2)
        t_s = t_s[(t_s < 40.0) | (t_s > 60.0)]
        few_s, few = thinned(t_s, np.ones_like(t_s), columns)
        (broken,) = np.flatnonzero(np.isnan(few))
        assert (few_s[broken - 1] < 40.0, few_s[broken] > 60.0) == (True, True)


def test_what_is_unknown_stays_unknown() -> None:
    t_s = np.arange(0.0, 1000.0, 0.2)
    values = np.where(t_s < 500.0, np.nan, 1.0)
    few_s, few = thinned(t_s, values, 100)
    assert np.isnan(few[few_s < 480.0]).all()
    assert (few[few_s > 510.0] == 1.0).all()


def test_nothing_stays_nothing() -> None:
    few_s, few = thinned(np.empty(0), np.empty(0), 100)
    assert len(few_s) == len(few) == 0
