"""What is told as the rate of a wearer who talks in the holds, or holds a breath in each?

`python -m tests.detect.figures.no_rhythm` measures the sessions of the simulated leg that
test_talking.py and test_odd.py look at, and prints how many of the rates are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

from firmware_sim import routine
from firmware_sim.wearer import Wearer
from tests.detect.breath.rates import rates_off_bpm
from tests.detect.breath.test_odd import Holding
from tests.detect.breath.test_talking import Talking
from tests.detect.figures.score import table


class HoldingLong(Holding):
    """For as long as the breaths are."""

    held_s = 8.0


# Who it is, in how many sessions, and by how much a rate is wrong.
_WEARERS: list[tuple[str, type[Wearer], int, float]] = [
    ("talks", Talking, 6, 0.5),
    ("holds a breath for 5 s", Holding, 4, 1.0),
    ("holds a breath for 8 s", HoldingLong, 4, 1.0),
]


def rows() -> Iterator[list[str]]:
    for says, wearer, sessions, wrong_bpm in _WEARERS:
        with patch.object(routine, "Wearer", wearer):
            off_bpm = [off for seed in range(sessions) for off in rates_off_bpm(seed)]
        told = [off for off in off_bpm if off is not None]
        wrong = [off for off in told if off > wrong_bpm]
        yield [says, f"{len(off_bpm)}", f"{len(told)}", f"{len(wrong)} by over {wrong_bpm} /min"]


if __name__ == "__main__":
    lines = table(["who", "holds", "rates", "wrong"], rows())
    print("\n".join(lines))  # noqa: T201 - a command that prints a table
