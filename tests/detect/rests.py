"""How much of what is missed in leg raises is due to what is taken for the rest?

`python -m tests.detect.rests FOLDER` looks at the recordings of leg raises in FOLDER/pt twice: at
every posture that was kept, told by the truth which of them are holds, and at what the detector
says where the first seconds of each recording are missing, so that it begins in another posture.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.detect.score import Figures, add, overlap, table, truth_of
from tests.detect.sets import SETS, SHORT
from tracker.detect.orientation import Steps
from tracker.detect.samples import Block
from tracker.detect.session import Session
from tracker.detect.trace import Departed, Note, Stopped
from tracker.recordings import read

CUT_S = (0.0, 3.0, 7.0, 12.0, 20.0, 30.0, 45.0)
Truth = dict[str, Any]


class Kept:
    """Hears from the detector what was kept, be it a rest or a hold: start and end, seconds."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self._start_s = 0.0

    def saw(self, steps: Steps) -> None:
        """Of no interest here."""

    def told(self, note: Note) -> None:
        if isinstance(note, Stopped):
            self._start_s = note.start_s
        elif isinstance(note, Departed):
            self.spans.append((self._start_s, note.end_s))


def best_choice(recorded: Sequence[tuple[Block, Truth]]) -> float:
    """F1 of who is told by the truth which kept postures are holds."""
    true = hit = 0
    for block, truth in recorded:
        kept = Kept()
        Session("band", settings=SHORT, trace=kept).receive(block)
        true += len(truth["holds"])
        hit += sum(
            any(overlap(hold, span) >= 0.5 for span in kept.spans) for hold in truth["holds"]
        )
    return 2 * hit / (true + hit)


def cut(block: Block, truth: Truth, from_s: float) -> tuple[Block, Truth]:
    """The recording without its beginning, and the holds that are still whole."""
    holds = [hold for hold in truth["holds"] if hold["start_s"] >= from_s]
    return block.between(int(block.t_s.searchsorted(from_s))), {**truth, "holds": holds}


def found(recorded: Sequence[tuple[Block, Truth]]) -> Figures:
    figures = Figures()
    for block, truth in recorded:
        detector = Session("band", settings=SHORT)
        add(figures, truth, detector.receive(block) + detector.close(), "")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Print what the choice of the rest costs.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    (raises,) = (kind for kind in SETS if kind.settings == SHORT)
    recorded = [(Block.join(list(read(f))), truth_of(f)) for f in raises.files(folder)]
    rows = [
        [
            "all kept postures, the holds among them picked by the truth",
            f"{best_choice(recorded):.3f}",
        ]
    ]
    for from_s in CUT_S:
        figures = found([cut(*recording, from_s) for recording in recorded])
        rows.append([f"the detector, from {from_s:.0f} s on", f"{figures.f1:.3f}"])
    print("\n".join(table(("leg raises of people", "F1"), rows)))  # noqa: T201 - prints a table


if __name__ == "__main__":
    main()
