"""Recursive filters with carried state: SciPy's compiled one, without the package around it.

`scipy.signal.lfilter` hands float64 arrays straight to one compiled function. To import the package
takes 680 modules, 70 MB of memory and most of a second at each start, none of it used here. So that
one extension module is loaded by itself; where it is not found, the package is imported after all,
for the same numbers.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from importlib.machinery import PathFinder

import numpy as np

from tracker.detect.samples import Floats

Filter = Callable[[Floats, Floats, Floats, int, Floats], tuple[Floats, Floats]]


def butterworth(cutoff_hz: float, rate_hz: float) -> tuple[Floats, Floats]:
    """(b, a) of the low-pass of second order, by the bilinear transform with its warp undone."""
    k = math.tan(math.pi * cutoff_hz / rate_hz)
    scale = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    b = k * k * scale
    a1, a2 = 2.0 * (k * k - 1.0) * scale, (1.0 - math.sqrt(2.0) * k + k * k) * scale
    return np.array([b, 2.0 * b, b]), np.array([1.0, a1, a2])


def settled(b: Floats, a: Floats) -> Floats:
    """The state of a filter of second order that has been fed 1 for ever and lets it pass."""
    last = b[2] - a[2]
    return np.array([b[1] - a[1] + last, last])


def _compiled() -> Filter:
    package = importlib.util.find_spec("scipy")
    places = [f"{place}/signal" for place in (package and package.submodule_search_locations) or ()]
    spec = PathFinder.find_spec("scipy.signal._sigtools", places)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found: Filter | None = getattr(module, "_linear_filter", None)
        if found is not None:
            return found
    return _of_the_package()


def _of_the_package() -> Filter:
    from scipy import signal

    def lfilter(b: Floats, a: Floats, x: Floats, axis: int, zi: Floats) -> tuple[Floats, Floats]:
        out, state = signal.lfilter(b, a, x, axis, zi=zi)
        return np.asarray(out, np.float64), np.asarray(state, np.float64)

    return lfilter


_linear_filter = _compiled()


def lfilter(b: Floats, a: Floats, x: Floats, axis: int, zi: Floats) -> tuple[Floats, Floats]:
    """As scipy.signal.lfilter does for float64: what comes out, and the state to go on with.

    zi has the shape of x, but along `axis` the filter's order.
    """
    return _linear_filter(b, a, x, axis, zi)


def symmetric(x: Floats, window_s: float, step_s: float) -> Floats:
    """Along the first axis to and fro through one pole: exp(-abs(t) / window), without delay."""
    keep = math.exp(-step_s / window_s)
    b, a = np.array([1.0 - keep]), np.array([1.0, -keep])
    for _ in range(2):
        x, _zi = lfilter(b, a, x, 0, keep * x[:1])
        x = x[::-1]
    return x
