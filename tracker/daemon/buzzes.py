"""When the band buzzes: the wearer has no screen.

    hold_started --SURE_S of it, and the leg stays--> mild buzz: it counts
    target_reached ---------------------------------> strong buzz: long enough

The turning point of a slow straightening can look like a hold for two or three seconds. The house
is told at once, and told again when it was none; the leg is only buzzed when it is sure.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tracker.detect.events import Event, HoldDropped, HoldEnded, HoldStarted, TargetReached
from tracker.recorder import Outcome

MILD, STRONG = 1, 2  # levels of Immediate Alert
SURE_S = 3.5
FRESH_S = 5.0  # a buzz for what is longer ago would only puzzle


@dataclass(slots=True)
class Buzzes:
    """Which buzzes are due; one for each band."""

    _begun: HoldStarted | None = None

    def due(self, outcome: Outcome) -> list[int]:
        """Levels to send now, after these events, with the leg as it is."""
        levels = list(self._of(outcome.events))
        begun = self._begun
        if begun is not None and outcome.last_s - begun.start_s >= SURE_S and outcome.staying:
            self._begun = None
            if is_fresh(begun, SURE_S):
                levels.insert(0, MILD)
        return levels

    def _of(self, events: Iterable[Event]) -> Iterable[int]:
        for event in events:
            match event:
                case HoldStarted():
                    self._begun = event
                case HoldDropped() | HoldEnded():
                    self._begun = None
                case TargetReached() if is_fresh(event):
                    yield STRONG
                case _:
                    pass


def is_fresh(event: Event, later_s: float = 0.0) -> bool:
    """Whether it happened just now, or so many seconds before that."""
    if event.at is None:
        return False
    return time.time() - datetime.fromisoformat(event.at).timestamp() < FRESH_S + later_s
