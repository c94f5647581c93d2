"""How long does a link wait before it tries again?

The longer the oftener it failed in a row, as long as it gets where only a person can help, and no
longer at all because the band was not heard: listening disturbs nobody.
"""

from __future__ import annotations

import random
from typing import Final

_MANY: Final = 20  # failures in a row, after which pauses are as long as they get


class Patience:
    """Of one link.

    first_s, longest_s: the pause after a failure, doubled with each in a row.
    needs_person:       the last failure, but for not being heard since, is a person's to mend.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0
        self.needs_person = False

    def is_well(self) -> None:
        """The band and the link do as they should."""
        self._failures = 0
        self.needs_person = False

    def failed(self, *, needs_person: bool) -> None:
        """One more, but not that the band was not heard."""
        if needs_person:
            self._failures = _MANY
        elif self.needs_person:  # the person has begun to
            self._failures = 0
        self._failures += 1
        self.needs_person = needs_person

    def pause_s(self) -> float:
        """Until the next try; uneven, so that bands do not come all at once."""
        doubled_s = self._first_s * 2.0 ** min(max(self._failures - 1, 0), _MANY)
        return min(doubled_s, self._longest_s) * random.uniform(0.5, 1)  # noqa: S311 - jitter
