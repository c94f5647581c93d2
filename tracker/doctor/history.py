"""Is the history whole, of this version, and can it be written? And which bands did it hear?"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tracker.config import BandConfig
from tracker.doctor.finding import Finding, ok, told, warning, wrong
from tracker.errors import StretchbandError
from tracker.store.faults import in_plain_words
from tracker.store.inspection import Inspection, inspect
from tracker.words import count

LOOK_S = 3.0  # a larger file is looked through in part
LOCK_S = 1.5  # longer than any transaction of ours
LOW_BATTERY = 15
LONG_SILENT_S = 3 * 86400.0
_NEAR = "charge it, bring it near, and see whether `stretchband scan` shows its address"


@dataclass(frozen=True, slots=True)
class History:
    """What was found. heard: when the newest frame of each band came, unix time."""

    findings: Sequence[Finding]
    heard: dict[str, float] = field(default_factory=dict)

    @property
    def newest_s(self) -> float | None:
        return max(self.heard.values(), default=None)


def look_at_history(path: Path) -> History:
    """The file at `path`; nothing of it is changed."""
    if not path.exists():
        return History([_to_be_made(path)])
    try:
        found = inspect(path, LOOK_S)
    except StretchbandError as error:
        return History([told("history", str(error), "choose another file as [store] path")])
    return History([_whole(found), _writable(path, running=found.running)], found.heard)


def look_at_band(
    band: BandConfig, heard_s: float | None, battery: int | None, trouble: str | None
) -> Finding:
    """When it was heard; battery: percent, trouble: the daemon's; None while nobody says."""
    about = band.id
    if heard_s is None:
        says = f"never heard ({band.address})"
        return warning(about, says, _NEAR) if trouble is None else _troubled(about, trouble, says)
    ago_s = max(0.0, time.time() - heard_s)
    says = f"last heard {_ago(ago_s)}" + ("" if battery is None else f", battery {battery}%")
    if trouble is not None:
        return _troubled(about, trouble, says)
    if battery is not None and battery < LOW_BATTERY:
        return warning(about, says, "charge it")
    if ago_s > LONG_SILENT_S:
        return warning(about, says, "charge it and bring it near")
    return ok(about, says)


def _troubled(band_id: str, trouble: str, heard: str) -> Finding:
    """The link's sentence: what is wrong, mostly with what to do after a colon."""
    sentence = trouble.removeprefix(band_id).lstrip(": ").rstrip(".")
    says, _, step = sentence.partition(": ")
    return warning(band_id, f"{says.partition('; ')[0]}, {heard}", step or _NEAR)


def _to_be_made(path: Path) -> Finding:
    folder = next(one for one in path.absolute().parents if one.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        step = f"allow this user to write {folder}, or name another [store] path"
        return wrong("history", f"{path} is not there and cannot be made", step)
    return ok("history", f"none yet, {path} is made by the first stretchband run")


def _whole(found: Inspection) -> Finding:
    size = f"{found.size_bytes / 10**6:,.1f} MB"
    if found.damage is not None:
        step = "put it aside and restore a copy, or start a new one"
        return wrong("history", f"it is damaged ({found.damage})", step)
    if found.behind:
        step = "the next stretchband run brings it up to date; keep a copy"
        return warning("history", f"{size}, of an older version", step)
    looked = "whole" if found.looked_at_all else f"no damage in the first {LOOK_S:g} s of looking"
    return ok("history", f"{size}, {looked}, {count(found.holds, 'hold')}")


def _writable(path: Path, *, running: bool) -> Finding:
    """Whether somebody may and can write it now."""
    about = "writing"
    if not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)):
        step = "run this as the user of stretchband run, or allow this one to write file and folder"
        return (warning if running else wrong)(about, "this user may not write the history", step)
    try:
        with (
            in_plain_words(path),
            closing(sqlite3.connect(path, timeout=LOCK_S, isolation_level=None)) as db,
        ):
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
    except StretchbandError as error:
        return told(about, str(error), "end what holds it")
    by = "stretchband run is writing it" if running else "nobody is writing it now"
    return ok(about, f"the history can be written, {by}")


def _ago(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name} ago"
    return "just now"
