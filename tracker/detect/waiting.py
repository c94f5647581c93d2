"""Which samples wait to be folded with the next ones?

To fold a few costs as much as to fold many, and most of them make nothing sure.
"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.motion.cells import Vector
from tracker.detect.samples import Block


class Waiting:
    """Blocks that are not folded yet.

    silent_until_s: before then nothing can be sure that is told at once.
    """

    def __init__(self) -> None:
        self.silent_until_s = -math.inf
        self._blocks: list[Block] = []
        self._last_s = -math.inf

    @property
    def silent(self) -> bool:
        """Can nothing be sure yet at the last sample?"""
        return self._last_s < self.silent_until_s

    def add(self, block: Block) -> Vector | None:
        """Add the samples later than the last one; what the last of them felt, None without any."""
        block = self._later(block)
        if not len(block.t_s):
            return None
        self._blocks.append(block)
        self._last_s = block.t_s.item(-1)
        x, y, z = block.acc_g[-1].tolist()
        return x, y, z

    def take(self) -> Block | None:
        """All of them, which then wait no longer; None without any."""
        blocks, self._blocks = self._blocks, []
        return Block.join(blocks) if len(blocks) > 1 else blocks[0] if blocks else None

    def _later(self, block: Block) -> Block:
        """Without the samples that are not later than one before."""
        t_s = block.t_s
        if not len(t_s):
            return block
        rising = np.count_nonzero(t_s[1:] > t_s[:-1]) == len(t_s) - 1
        if rising and t_s.item(0) > self._last_s:
            return block
        latest = np.maximum.accumulate(t_s)
        before = np.concatenate([[self._last_s], latest[:-1]])
        later = t_s > np.maximum(before, before[0])
        return block if later.all() else Block(t_s[later], block.acc_g[later])
