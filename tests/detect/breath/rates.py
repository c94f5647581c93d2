"""How far are the rates off in a session of the simulated leg?"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import mean

from firmware_sim.motion import scripted
from tracker.detect.events import HoldEnded
from tracker.detect.samples import Block
from tracker.detect.session import Session


def rates_off_bpm(seed: int) -> list[float | None]:
    """By how much the rate is off in each hold of a session; None where none is told."""
    motion, session = scripted(seed), Session("band")
    read = motion.read(math.inf)
    events = session.receive(Block(read.t_s, read.acc_g)) + session.close()
    ended = [event for event in events if isinstance(event, HoldEnded)]
    off_bpm: list[float | None] = []
    for found, true in zip(ended, motion.truth.holds, strict=True):
        lengths_s = [b.exhale_s - a.exhale_s for a, b in pairwise(true.breaths)]
        rate = found.breath_rate_bpm
        off_bpm.append(None if rate is None else abs(rate - 60.0 / mean(lengths_s)))
    return off_bpm
