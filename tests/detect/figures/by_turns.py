"""How much faster is the compiled detector? Two processes fold the same samples by turns.

A processor has good and bad hours: what is measured one after the other cannot be compared, what is
measured within the same seconds can.

    python -m tests.detect.figures.by_turns    says which detector it has, and folds as it is told
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from statistics import median
from typing import TextIO

from tests.detect.figures.cases import CASES, cut
from tracker.detect import session
from tracker.detect.samples import Block

ROOT = Path(__file__).parents[3]
PYTHON, COMPILED = "Python", "compiled"
TURNS = 9


class Folding:
    """A process whose detector is the one that is installed in a folder, or else the project's.

    name: PYTHON or COMPILED, as it is found there.
    """

    def __init__(self, folder: Path | None = None) -> None:
        places = os.pathsep.join(str(place) for place in (folder, ROOT) if place is not None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.detect.figures.by_turns"],
            env=os.environ | {"PYTHONPATH": places, "PYTHONSAFEPATH": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.name = self._heard()

    def samples_a_second(self, case: str, size: int) -> float:
        """Of processor time, a case folded once in blocks of so many."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{size} {case}\n")
        self._process.stdin.flush()
        return float(self._heard())

    def end(self) -> None:
        self._process.communicate()

    def _heard(self) -> str:
        assert self._process.stdout is not None
        heard = self._process.stdout.readline().strip()
        if not heard:
            raise RuntimeError(f"the detector has ended with {self._process.wait()}")
        return heard


def speeds(foldings: Sequence[Folding], case: str, size: int) -> tuple[list[float], float]:
    """Samples a second, the best run of each; and how fast the last is against the first.

    The latter is the median over the turns. Every other turn goes the other way round.
    """
    turns: list[list[float]] = []
    for k in range(TURNS):
        told = {each: each.samples_a_second(case, size) for each in foldings[:: (-1) ** k]}
        turns.append([told[each] for each in foldings])
    best = [max(runs) for runs in zip(*turns, strict=True)]
    return best, median(turn[-1] / turn[0] for turn in turns)


def main(told: TextIO, say: TextIO) -> None:
    found = str(session.__file__).endswith(tuple(EXTENSION_SUFFIXES))
    print(COMPILED if found else PYTHON, file=say, flush=True)
    at_hand: dict[str, list[Block]] = {}
    for line in told:
        if line not in at_hand:
            size, case = line.strip().split(" ", 1)
            at_hand = {line: cut(CASES[case][int(size)](), int(size))}
        print(_samples_a_second(at_hand[line]), file=say, flush=True)


def _samples_a_second(blocks: list[Block]) -> float:
    folded = session.Session("band")
    began = time.process_time()
    for block in blocks:
        folded.receive(block)
    return sum(map(len, blocks)) / (time.process_time() - began)


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
