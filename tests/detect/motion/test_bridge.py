from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.detect.leg import raised
from tracker.detect.motion.bridge import AROUND, Bridge
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.orientation import LEAST_G, dot
from tracker.detect.samples import Floats

# Cells 1 to 5 are felt, 6 to 30 are lost: a second.
LOST = np.arange(6.0, 31.0)


def leg(elevation_deg: Floats) -> Floats:
    """(4, n) cells of a leg raised like this."""
    acc = np.array([raised(deg) for deg in elevation_deg]).T
    return np.concatenate((acc, dot(acc, acc)[None]))


def bridged(elevation: Callable[[Floats], Floats]) -> Floats:
    """(n,) the elevation in each cell that is lost."""
    bridge = Bridge(0.2, 5, leg(elevation(np.arange(1.0, 6.0)))[:3])
    bridge.add(31, leg(elevation(np.arange(31.0, 60.0))))
    first, cells = bridge.laid()
    assert first == 6
    assert cells.shape == (4, 25 + 29)
    assert dot(cells[:3], cells[:3]) == pytest.approx(cells[3])
    deg: Floats = np.degrees(np.arctan2(-cells[1], cells[0]))[:25]
    return deg


def test_a_leg_that_is_where_it_was_has_been_there() -> None:
    assert bridged(lambda k: np.full_like(k, 70.0)) == pytest.approx(np.full(25, 70.0))


@pytest.mark.parametrize("sets_out", [10.0, 20.0])
def test_a_leg_that_moves_when_it_is_seen_again_has_set_out_as_late(sets_out: float) -> None:
    def pushed(k: Floats) -> Floats:
        after: Floats = np.maximum(k - sets_out, 0.0)
        return 70.0 - 0.08 * after**2

    def caught(k: Floats) -> Floats:
        return pushed(36.0 - k)

    assert bridged(pushed) == pytest.approx(pushed(LOST), abs=1.5)
    assert bridged(caught) == pytest.approx(caught(LOST), abs=1.5)


def test_a_leg_that_goes_on_as_it_went_has_gone_straight() -> None:
    def goes(k: Floats) -> Floats:
        return 10.0 + 1.5 * k

    assert bridged(goes) == pytest.approx(goes(LOST), abs=1.5)


def test_a_leg_that_rests_elsewhere_has_set_out_and_arrived_smoothly() -> None:
    deg = bridged(lambda k: np.where(k < 18.0, 0.0, 60.0))
    speed = np.diff(deg) / CELL_S
    assert (speed > 0.0).all()
    assert speed[[0, -1]].max() < 15.0
    assert deg[12] == pytest.approx(30.0, abs=0.1)


def test_the_shaking_on_either_side_is_no_way() -> None:
    def shakes(k: Floats) -> Floats:
        return 70.0 + 3.0 * np.cos(2.0 * math.pi * 10.0 * CELL_S * k)

    assert np.ptp(bridged(shakes)) < 1.0


def test_where_a_leg_was_turned_upside_down_there_is_no_up() -> None:
    bridge = Bridge(0.2, 5, np.tile([[1.0], [0.0], [0.0]], AROUND))
    bridge.add(31, np.tile([[-1.0], [0.0], [0.0], [1.0]], AROUND))
    _, cells = bridge.laid()
    assert np.sqrt(dot(cells[:3], cells[:3])).min() < LEAST_G


def test_too_little_is_waited_for_but_taken_where_no_more_comes() -> None:
    bridge = Bridge(0.2, 5, leg(np.full(5, 70.0))[:3])
    assert not bridge.reaches
    bridge.add(31, leg(np.full(2, 70.0)))
    assert (bridge.reaches, bridge.sure, bridge.span) == (True, False, (6, 31))
    bridge.add(33, leg(np.full(3, 70.0)))
    assert bridge.sure
    assert bridge.laid()[1].shape == (4, 25 + 5)
