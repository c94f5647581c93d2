from __future__ import annotations

import pytest

from tracker.detect.bounds.sight import Sight


@pytest.mark.parametrize("gap", [None, (60, 65), (60, 90), (40, 60), (48, 110)])
@pytest.mark.parametrize("for_s", [0.7, 1.4, 1.8])
def test_a_leg_has_stood_for_so_long_when_that_was_foreseen(
    gap: tuple[int, int] | None, for_s: float
) -> None:
    since_s, sight = 2.0, Sight()
    if gap is not None:
        sight.lose(*gap)
    then_s = sight.stood_at_s(since_s, for_s)
    assert then_s > since_s
    assert sight.stood_s(since_s, then_s) == pytest.approx(for_s)
    assert sight.stood_s(since_s, then_s - 0.01) < for_s
