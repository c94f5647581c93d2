from __future__ import annotations

import pytest

from tests.detect.leg import Pose, raised, samples
from tracker.detect.bounds import holds
from tracker.detect.bounds.settling import settled_s
from tracker.detect.motion.cells import Cells, Vector
from tracker.detect.motion.turning import Limb
from tracker.detect.session import Session

# Raised and lowered by 25 degrees, again and again, slowly.
SLOW = [Pose(raised(25.0 * (k % 2)), 0.4, move_s=4.0) for k in range(12)]


@pytest.mark.inside
def test_a_stop_is_dated_anew_only_when_it_may_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    dated = []

    def counted(cells: Cells, first: int, last: int, up: Vector, limb: Limb) -> float:
        dated.append(last)
        return settled_s(cells, first, last, up, limb)

    monkeypatch.setattr(holds, "settled_s", counted)
    block = samples(SLOW)
    Session("band").receive(block)
    steps = 5.0 * (block.t_s[-1] - block.t_s[0])
    assert 5 < len(dated) < 0.15 * steps
