"""What did the detector see and say, step by step? A trace that keeps it all for a picture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tracker.detect.events import Event
from tracker.detect.live import Live
from tracker.detect.motion.orientation import STEP_S, Steps
from tracker.detect.samples import Block, Floats
from tracker.detect.session import Session
from tracker.detect.trace import Note, Strayed

# Points for a display are kept for a minute, so they are asked for more often: 40 s at 12.5 Hz.
_PIECE = 500


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Curves of a whole recording on the band's clock.

    t_s, up, rate, unrest: steps, as `detect.motion.orientation` has them, shapes (n,), (3, n).
    shown_s, angle_deg:    what a display shows, (m,); nan where no angle is known.
    """

    t_s: Floats
    up: Floats
    rate_deg_s: Floats
    unrest_g: Floats
    shown_s: Floats
    angle_deg: Floats


class Witness:
    """Hears a session and keeps it; `watch` feeds the session and keeps its events too."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.events: list[Event] = []
        self._steps: list[Steps] = []
        self._shown: list[Floats] = []
        self._away = False

    def saw(self, steps: Steps) -> None:
        self._steps.append(steps)

    def told(self, note: Note) -> None:
        if isinstance(note, Strayed):
            if note.away == self._away:
                return
            self._away = note.away
        else:
            self._away = False
        self.notes.append(note)

    def watch(self, session: Session, block: Block) -> list[Event]:
        """Give the block to the session, whose trace this is; what it states."""
        events: list[Event] = []
        for first in range(0, len(block), _PIECE):
            events += session.receive(block.between(first, first + _PIECE))
            self._shown.append(_points(session.take_live()))
        self.events += events
        return events

    def seen(self) -> Seen:
        """All curves until now."""
        steps = self._steps
        numbers = [np.arange(s.first, s.first + len(s.rate)) for s in steps]
        shown = np.concatenate([np.empty((2, 0)), *self._shown], axis=1)
        return Seen(
            t_s=np.concatenate([np.empty(0), *numbers]) * STEP_S,
            up=np.concatenate([np.empty((3, 0)), *(s.up for s in steps)], axis=1),
            rate_deg_s=np.concatenate([np.empty(0), *(s.rate for s in steps)]),
            unrest_g=np.concatenate([np.empty(0), *(s.unrest for s in steps)]),
            shown_s=shown[0],
            angle_deg=shown[1],
        )

    def slips(self) -> list[tuple[float, float]]:
        """From when to when the leg was away from where it was held, and came back."""
        return [
            (before.t_s, after.t_s)
            for before, after in pairwise(self.notes)
            if isinstance(before, Strayed)
            and isinstance(after, Strayed)
            and before.away
            and not after.away
        ]


def _points(live: list[Live]) -> Floats:
    angles = [np.nan if point.angle_deg is None else point.angle_deg for point in live]
    return np.array([[point.t_s for point in live], angles])
