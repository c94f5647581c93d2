"""In what order is what was stored folded again: frames, with what was said among them?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile, filterfalse

from tracker.store import Resume, StoredCommand, StoredFrame

NO_BOOT = 0  # bands count from 1: a word from before the first frame has no clock
# Half a minute of frames, of which the detector takes a quarter less time than one by one.
AT_ONCE = 64


def replayed(said: Sequence[StoredCommand], resume: Resume | None) -> list[StoredCommand]:
    """Of what was said since `resume`, that which was said after a frame from there on."""
    if resume is None:
        # All there are: what was said before the first frame comes first.
        return list(dropwhile(has_no_clock, said))
    return list(filterfalse(has_no_clock, said))


def in_order(
    frames: Iterable[StoredFrame], said: Iterable[StoredCommand]
) -> Iterator[tuple[list[StoredFrame], list[StoredCommand]]]:
    """Frames of one clock, in pieces, each with what was said after its last sample."""
    words, piece = deque(said), list[StoredFrame]()
    for stored in frames:
        if piece and stored.frame.boot_id != piece[-1].frame.boot_id:
            yield piece, []
            piece = []
        piece.append(stored)
        due = []
        while words and _is_due(words[0], stored):
            due.append(words.popleft())
        if due or len(piece) == AT_ONCE:
            yield piece, due
            piece = []
    if piece:
        yield piece, []


def has_no_clock(command: StoredCommand) -> bool:
    """Said before the band's first frame, or to a band that was asleep when the daemon began."""
    return command.boot_id == NO_BOOT


def _is_due(command: StoredCommand, last: StoredFrame) -> bool:
    """A word without a clock was said to a sleeping band: right after the word before it."""
    if has_no_clock(command):
        return True
    return command.boot_id == last.frame.boot_id and command.t_s <= last.t_s[-1]
