"""Which samples share a frame: those that one even grid of times can stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.bands.stretchband import MAX_SAMPLES, MAX_STEP, MIN_STEP

# Half a millisecond comes from t_first_ms alone; the rest pays for a step of whole 1/16 ms and for
# clocks that waver. At 50 Hz the grid is exact; at 104 Hz this takes 3 % more frames than 1 ms.
TIME_ERROR_MS: Final = 0.6
FRAME_S: Final = 0.5
# No two samples of a frame are further apart: the longest step, each time wrong by the most.
LONGEST_STEP_S: Final = MAX_STEP / 16000 + 2 * TIME_ERROR_MS / 1000


@dataclass(frozen=True, slots=True)
class Grid:
    """`n` samples at t_first_ms + k * step / 16 milliseconds."""

    n: int
    t_first_ms: int
    step: int


def samples_per_frame(rate_hz: float) -> int:
    """About half a second of samples, as many as a notification carries."""
    return min(MAX_SAMPLES, max(1, round(FRAME_S * rate_hz)))


def fit(t_s: NDArray[np.float64], n_max: int, usual_step: int) -> Grid:
    """The longest beginning of rising times that a grid holds to within TIME_ERROR_MS.

    A lost sample, a pause or a wavering clock so begins a new frame. One sample alone always fits;
    its step says nothing and is the usual one.
    """
    t_ms = t_s[:n_max] * 1000
    for n in range(len(t_ms), 1, -1):
        grid = _even(t_ms[:n])
        if grid is not None:
            return grid
    return Grid(1, round(float(t_ms[0])), usual_step)


def _even(t_ms: NDArray[np.float64]) -> Grid | None:
    """The grid nearest to the times, least squares over the step; None when it is not near."""
    first_ms = round(float(t_ms[0]))
    k = np.arange(len(t_ms))
    # A clock 200 ppm off pushes 12.5 and 200 Hz past the ends; the error says whether that matters.
    step = _within(16 * float(k @ (t_ms - first_ms)) / float(k @ k))
    error_ms = float(np.abs(first_ms + k * (step / 16) - t_ms).max())
    return Grid(len(t_ms), first_ms, step) if error_ms <= TIME_ERROR_MS else None


def usual_step(rate_hz: float) -> int:
    """The step in 1/16 ms that belongs to a rate."""
    return _within(16000 / rate_hz)


def _within(step: float) -> int:
    return min(MAX_STEP, max(MIN_STEP, round(step)))
