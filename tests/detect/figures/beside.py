"""How fast are other libraries on the same array?

scikit-digital-health 0.17: sit-to-stand transfers, and the stillness inside of them alone, after
the filter that it asks for. neurokit2 0.2: `rsp_process`, on the angle of a held leg. The detector
is given what it always gets, three axes, and says all that it says. Ratios above 1: the detector is
faster. Both libraries are in the extra `bench` only.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator

import numpy as np

from tests.detect.figures.score import table
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings

_G = 9.81
_RUNS = 5


def beside(day: Block, hold: Block) -> Iterator[str]:
    """Rows of a table: the same samples, large blocks, seconds of processor time, ratio."""
    if not all(importlib.util.find_spec(name) for name in ("skdh", "neurokit2")):
        yield "not installed here: scikit-digital-health and neurokit2 (`make bench` has them)"
        return
    whole = _seconds(lambda: Session("band").receive(day))
    rows = [
        _row(
            "scikit-digital-health, sit-to-stand", day, _seconds(lambda: _sit_to_stand(day)), whole
        ),
        _row(
            "scikit-digital-health, stillness only (compiled code)",
            day,
            _seconds(lambda: _stillness(day)),
            whole,
        ),
    ]
    held = _seconds(lambda: Session("band", settings=Settings(as_hold=True)).receive(hold))
    angle_deg = np.degrees(np.arctan2(-hold.acc_g[:, 1], hold.acc_g[:, 0]))
    rate_hz = round(1.0 / float(np.median(np.diff(hold.t_s))))
    theirs = _seconds(lambda: _breath(angle_deg.copy(), rate_hz))
    rows.append(_row("neurokit2 `rsp_process` on the angle, the breath only", hold, theirs, held))
    yield from table(("", "samples", "theirs, s", "this detector, large blocks, s", "ratio"), rows)


def _row(name: str, block: Block, theirs_s: float, ours_s: float) -> list[str]:
    times = (f"{theirs_s:.3f}", f"{ours_s:.3f}", f"{theirs_s / ours_s:.2f}")
    return [name, f"{len(block):,}", *times]


def _seconds(work: Callable[[], object]) -> float:
    work()  # imports and what is computed once
    best = float("inf")
    for _ in range(_RUNS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def _sit_to_stand(block: Block) -> None:
    from skdh.sit2stand import Sit2Stand

    Sit2Stand().predict(time=block.t_s + 1.7e9, accel=block.acc_g)


def _stillness(block: Block) -> None:
    from scipy import signal
    from skdh.sit2stand.detector import Detector, get_stillness

    step_s = float(np.median(np.diff(block.t_s)))
    low = signal.butter(4, 2.0 * 5.0 * step_s, output="sos")  # as Sit2Stand does
    length = np.linalg.norm(block.acc_g, axis=1) * _G
    thresholds = Detector().thresh
    felt = np.ascontiguousarray(signal.sosfiltfilt(low, length))
    get_stillness(felt, step_s, _G, 0.3, 0.5, thresholds)


def _breath(angle_deg: object, rate_hz: int) -> None:
    import neurokit2

    neurokit2.rsp_process(angle_deg, sampling_rate=rate_hz)
