"""How long to wait before the next try."""

from __future__ import annotations

import random


class Backoff:
    """Waits that double from 0.5 to 30 s, each shortened by up to half: clients do not march."""

    def __init__(self) -> None:
        self._tries = 0

    def reset(self) -> None:
        self._tries = 0

    def next_s(self) -> float:
        wait = min(30.0, 0.5 * 2.0 ** min(self._tries, 10))
        self._tries += 1
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
