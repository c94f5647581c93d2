"""What does a link hand on: a frame, or the band's word of itself, and when did it come?"""

from __future__ import annotations

from dataclasses import dataclass

from tracker.bands.stretchband import Frame, Status


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame and when it came: seconds since 1970 on this machine's clock.

    ahead_s: how far that clock was ahead of the steady one; None when nobody looked.
    """

    frame: Frame
    host_s: float
    ahead_s: float | None = None


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the band said of itself, and when: at each connect, after a hole and in a silence.

    In the queue it stands after the frames that were sent before it.
    """

    status: Status
    host_s: float
    ahead_s: float | None = None
