"""Has a session begun, and what has been done in it?"""

from __future__ import annotations

from collections.abc import Iterator

from tracker.detect.events import Event, SessionEnded, SessionStarted
from tracker.detect.stamps import Stamps, ms


class Tally:
    """One session at a time.

    session:  the id of the open session.
    active_s: when something was last done that keeps a session open.
    """

    def __init__(self, stamps: Stamps) -> None:
        self._stamps = stamps
        self.session: str | None = None
        self.active_s = 0.0
        self._holds, self._hold_s = 0, 0.0

    def begun(self, now_s: float, start_s: float) -> Iterator[Event]:
        """A hold or a repetition has begun at start_s: with it a session, if none is open."""
        self.active_s = now_s
        if self.session is not None:
            return
        self.session = self._stamps.reference(start_s)
        self._holds, self._hold_s = 0, 0.0
        yield SessionStarted(
            **self._stamps.at(now_s, "session_started"),
            session_id=self.session,
        )

    def held(self, lasted_s: float) -> None:
        """A hold was one."""
        self._holds += 1
        self._hold_s += lasted_s

    def ended(self, now_s: float) -> Iterator[Event]:
        """The session is over, if there is one."""
        if self.session is None:
            return
        yield SessionEnded(
            **self._stamps.at(now_s, "session_ended"),
            session_id=self.session,
            holds=self._holds,
            hold_s=ms(self._hold_s),
        )
        self.session = None
