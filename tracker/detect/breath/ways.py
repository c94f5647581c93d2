"""Along which ways may the breath have moved the leg?

A leg that works sways far more along one way, where its joints are free, than across it, and breath
turns it along any. So its breath is plainest not where it moves most, but where it moves most
beside how it sways. The ways lie evenly as they would where sway is alike along all of them:
whitening of noise that differs between sensors (Kay 1998, "Detection Theory", chapter 4).
"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.breath.whitening import white
from tracker.detect.samples import Floats

Way = tuple[float, float]

# So many; and across sway is at least this share of what it is along: less is a sensor's noise.
WAYS, _LEAST = 6, 0.1
# What changes by more than so many times the usual is a jerk, and clipped.
_CLIP = 4.0


def ways(moved_deg: Floats, first: Way) -> list[Way]:
    """`first`, and others up to across it, each with its exhale on the side of the first.

    moved_deg: (n, 2) one a beat, nan where unknown.
    """
    changes = white(moved_deg.T).T
    changes = changes[np.isfinite(changes).all(axis=1)]
    if len(changes) < 2:
        return [first]
    changes = changes - np.median(changes, axis=0)
    size = np.hypot(changes[:, 0], changes[:, 1])
    most = _CLIP * float(np.median(size))
    changes *= np.minimum(1.0, most / np.maximum(size, 1e-12))[:, None]
    spread, axes = np.linalg.eigh(changes.T @ changes)
    if spread[1] <= 0.0:
        return [first]
    sizes = np.sqrt(np.maximum(spread, _LEAST * _LEAST * spread[1]))
    across, along = (axes.T @ np.array(first) * sizes).tolist()
    begin = math.atan2(along, across)
    found = [first]
    for k in range(1, WAYS):
        turn = begin + math.pi * k / WAYS
        x, y = (axes @ (np.array([math.cos(turn), math.sin(turn)]) / sizes)).tolist()
        length = math.copysign(math.hypot(x, y), x * first[0] + y * first[1])
        found.append((x / length, y / length))
    return found
