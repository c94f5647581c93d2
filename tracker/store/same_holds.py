"""Which hold of before is which one now, after the same samples were folded by a newer detector?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tracker.store.records import Hold

ENOUGH = 0.5  # of a hold's time, to be the same hold seen otherwise


def found_again(before: dict[str, Hold], after: dict[str, Hold]) -> dict[str, str]:
    """Which hold of before is which one now: the same id, else the one that it mostly was.

    Each is found again once; the longest overlaps first.
    """
    pairs = {name: name for name in before if name in after}
    others = _by_boot(hold for name, hold in after.items() if name not in pairs)
    overlaps = sorted(
        (-shared_s, old.hold_id, new.hold_id)
        for old in before.values()
        if old.hold_id not in pairs
        for new, shared_s in _mostly(old, others.get((old.band_id, old.boot_id), []))
    )
    taken = set(pairs.values())
    for _, name, again in overlaps:
        if name not in pairs and again not in taken:
            pairs[name] = again
            taken.add(again)
    return pairs


def _by_boot(holds: Iterable[Hold]) -> dict[tuple[str, int], list[tuple[float, float, Hold]]]:
    """(end, start, hold) of finished holds on each clock, in order."""
    clocks: dict[tuple[str, int], list[tuple[float, float, Hold]]] = {}
    for hold in holds:
        if hold.end_s is not None:
            clock = clocks.setdefault((hold.band_id, hold.boot_id), [])
            clock.append((hold.end_s, hold.start_s, hold))
    for clock in clocks.values():
        clock.sort(key=lambda one: one[:2])
    return clocks


def _mostly(
    old: Hold, finished: Sequence[tuple[float, float, Hold]]
) -> Iterator[tuple[Hold, float]]:
    """Those that share enough of its time with it, and how many seconds."""
    if old.end_s is None:
        return
    first = bisect_right(finished, old.start_s, key=lambda one: one[0])
    for end_s, start_s, hold in islice(finished, first, None):
        if start_s >= old.end_s:  # one band holds one thing at a time
            break
        shared_s = min(end_s, old.end_s) - max(start_s, old.start_s)
        if shared_s >= ENOUGH * (old.end_s - old.start_s):
            yield hold, shared_s
