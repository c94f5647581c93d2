"""How much memory does an export take?"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable


def traced(export: Callable[[], Iterable[bytes]]) -> tuple[int, int]:
    """How many bytes it has, and how many were held at most to make it, from its beginning."""
    tracemalloc.start()
    try:
        size = sum(map(len, export()))
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
