"""How long to wait before the next try."""

from __future__ import annotations

import random


class Backoff:
    """Waits that double from 0.5 to `longest_s`, each shortened by up to half: nobody marches."""

    def __init__(self, longest_s: float = 30.0) -> None:
        self._longest_s = longest_s
        self._tries = 0

    def reset(self) -> None:
        self._tries = 0

    def next_s(self) -> float:
        wait = min(self._longest_s, 0.5 * 2.0 ** min(self._tries, 10))
        self._tries += 1
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
