"""How much of what is missed in leg raises is due to what is taken for the rest?

`python -m tests.detect.figures.rests FOLDER` looks at the recordings of leg raises in FOLDER/pt in
five ways: at every posture that was kept, told by the truth which of them are holds; at those that
are long and still enough and away from one posture, told by the truth which; at those away from the
posture that was kept for longest, which is known only in the end, as if it were known sooner; at
what it says where the first seconds of each recording are missing, so that it begins in another
posture; and at whether the leg was raised to what the truth calls a hold.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.detect.figures.score import Figures, add, overlap, table, truth_of
from tests.detect.figures.sets import SETS, SHORT
from tracker.detect.events import HoldEnded
from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.motion.orientation import Steps
from tracker.detect.posture.naming import ANOTHER_POSTURE_DEG
from tracker.detect.posture.rests import PLAIN_M
from tracker.detect.samples import Block
from tracker.detect.session import Session
from tracker.detect.trace import Departed, Note, Stopped
from tracker.recordings import read

CUT_S = (0.0, 3.0, 7.0, 12.0, 20.0, 30.0, 45.0)
# A hold this far from the rest is told nowhere; it is looked at to see what that costs.
NEARER_DEG = 10.0
# The rest that fits the truth of all twelve recordings to 1.5 degrees: the posture with the most
# seconds within six degrees of it, and what is eight degrees from it is a hold.
LONGEST_WITHIN_DEG, LONGEST_AWAY_DEG = 6.0, 8.0
Truth = dict[str, Any]


class Kept:
    """Hears from the detector what was kept, be it a rest or a hold.

    spans:    start and end, seconds.
    ups:      where.
    still_s:  how long the leg was still in each.
    raised_m: how far it rose to each and sank from it.
    held:     when the detector told a hold, seconds.
    """

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self.ups: list[Vector] = []
        self.still_s: list[float] = []
        self.raised_m: list[float] = []
        self.held: list[tuple[float, float]] = []
        self._start_s = 0.0

    def saw(self, steps: Steps) -> None:
        """Of no interest here."""

    def told(self, note: Note) -> None:
        if isinstance(note, Stopped):
            self._start_s = note.start_s
        elif isinstance(note, Departed):
            self.spans.append((self._start_s, note.end_s))
            self.ups.append(note.up)
            lasted_s = note.end_s - self._start_s
            self.still_s.append(min(lasted_s, lasted_s if note.still_s is None else note.still_s))
            self.raised_m.append(note.raised_m or 0.0)


def kept_in(block: Block) -> Kept:
    kept = Kept()
    detector = Session("band", settings=SHORT, trace=kept)
    events = detector.receive(block) + detector.close()
    kept.held = [(e.start_s, e.end_s) for e in events if isinstance(e, HoldEnded)]
    return kept


def best_choice(recorded: Sequence[tuple[Block, Truth]]) -> float:
    """F1 of who is told by the truth which kept postures are holds."""
    true = hit = 0
    for block, truth in recorded:
        true += len(truth["holds"])
        hit += _hits(truth, kept_in(block).spans)
    return 2 * hit / (true + hit)


def best_rest(
    recorded: Sequence[tuple[Block, Truth]], away_deg: float = ANOTHER_POSTURE_DEG
) -> float:
    """F1 of who is told by the truth which one posture of each recording is the rest."""
    true = hit = said = 0
    for block, truth in recorded:
        kept, holds = kept_in(block), len(truth["holds"])
        choices = [_away(kept, rest, away_deg) for rest in kept.ups]
        hits, spans = max(
            ((_hits(truth, spans), len(spans)) for spans in choices),
            key=lambda found: found[0] / max(holds + found[1], 1),
        )
        true, hit, said = true + holds, hit + hits, said + spans
    return 2 * hit / (true + said)


def longest_rest(
    recorded: Sequence[tuple[Block, Truth]], known_s: Callable[[Kept], float]
) -> float:
    """F1 of who knows, from known_s on, which posture will be kept for longest in all.

    Until then it is the detector who tells.
    """
    true = hit = said = 0
    for block, truth in recorded:
        kept = kept_in(block)
        from_s = known_s(kept)
        away = _away(kept, _longest(kept), LONGEST_AWAY_DEG)
        spans = [span for span in kept.held if span[1] < from_s]
        spans += [span for span in away if span[1] >= from_s]
        true, hit, said = true + len(truth["holds"]), hit + _hits(truth, spans), said + len(spans)
    return 2 * hit / (true + said)


def from_the_beginning(_: Kept) -> float:
    return 0.0


def once_there(kept: Kept) -> float:
    """When the leg has left for the first time the posture that will be kept for longest."""
    rest = _longest(kept)
    return min(
        end_s
        for (_, end_s), up in zip(kept.spans, kept.ups, strict=True)
        if angle_deg(up, rest) < LONGEST_WITHIN_DEG
    )


def once_longest(kept: Kept) -> float:
    """When that posture has been kept for longest for the first time."""
    rest, so_far = _longest(kept), range(1, len(kept.ups) + 1)
    return min(
        kept.spans[count - 1][1]
        for count in so_far
        if angle_deg(_longest(kept, count), rest) < LONGEST_WITHIN_DEG
    )


def _longest(kept: Kept, count: int | None = None) -> Vector:
    """Of the first `count` stays."""
    stays = list(zip(kept.ups, kept.spans, kept.still_s, strict=True))[:count]
    around_s = [
        sum(
            end_s - start_s
            for up, (start_s, end_s), still_s in stays
            if still_s >= SHORT.min_hold_s and angle_deg(up, middle) < LONGEST_WITHIN_DEG
        )
        for middle, _, _ in stays
    ]
    return kept.ups[around_s.index(max(around_s))]


KNOWN = {
    "from the beginning": from_the_beginning,
    "once the leg was there": once_there,
    "once it was kept for longest so far": once_longest,
}


def lowered(recorded: Sequence[tuple[Block, Truth]]) -> tuple[int, int]:
    """Of the true holds, how many the leg was raised to, and how many it was lowered to."""
    true = [
        raised_m
        for block, truth in recorded
        for kept in (kept_in(block),)
        for span, raised_m in zip(kept.spans, kept.raised_m, strict=True)
        if _hits(truth, [span])
    ]
    return sum(m > PLAIN_M for m in true), sum(m < -PLAIN_M for m in true)


def _away(kept: Kept, rest: Vector, away_deg: float) -> list[tuple[float, float]]:
    return [
        span
        for span, up, still_s in zip(kept.spans, kept.ups, kept.still_s, strict=True)
        if still_s >= SHORT.min_hold_s and angle_deg(up, rest) > away_deg
    ]


def _hits(truth: Truth, spans: Sequence[tuple[float, float]]) -> int:
    return sum(any(overlap(hold, span) >= 0.5 for span in spans) for hold in truth["holds"])


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
    if not recorded:
        parser.error(f"there are no recordings in {folder / 'pt'}")
    rows = [
        [
            "all kept postures, the holds among them picked by the truth",
            f"{best_choice(recorded):.3f}",
        ],
    ]
    for away_deg in (ANOTHER_POSTURE_DEG, NEARER_DEG):
        name = f"those {away_deg:.0f} degrees away from one posture, picked by the truth"
        rows.append([name, f"{best_rest(recorded, away_deg):.3f}"])
    name = f"those {LONGEST_AWAY_DEG:.0f} degrees away from the one kept for longest in the end"
    for since, known_s in KNOWN.items():
        rows.append([f"{name}, known {since}", f"{longest_rest(recorded, known_s):.3f}"])
    for from_s in CUT_S:
        figures = found([cut(*recording, from_s) for recording in recorded])
        rows.append([f"the detector, from {from_s:.0f} s on", f"{figures.f1:.3f}"])
    print("\n".join(table(("leg raises of people", "F1"), rows)))  # noqa: T201 - prints a table
    raised, down = lowered(recorded)
    print(f"Into {raised} true holds the leg was plainly raised, into {down} lowered.")  # noqa: T201


if __name__ == "__main__":
    main()
