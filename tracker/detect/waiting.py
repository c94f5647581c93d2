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
        # When the last sample was, and the last one that waits no longer.
        self._last_s = self._taken_s = -math.inf

    @property
    def silent(self) -> bool:
        """Can nothing be sure yet at the last sample?"""
        return self._last_s < self.silent_until_s

    def add(self, block: Block) -> Vector | None:
        """Add the samples later than the last one; what the last of them felt, None without any."""
        if len(block.t_s) and block.t_s.item(0) <= self._last_s:
            block = _later(block, self._last_s)
        if not len(block.t_s):
            return None
        self._blocks.append(block)
        self._last_s = block.t_s.item(-1)
        x, y, z = block.acc_g[-1].tolist()
        return x, y, z

    def take(self) -> Block | None:
        """All of them, each later than the one before, which wait no longer; None without any."""
        blocks, self._blocks = self._blocks, []
        if not blocks:
            return None
        block = Block.join(blocks) if len(blocks) > 1 else blocks[0]
        t_s = block.t_s
        if not np.logical_and.reduce(t_s[1:] > t_s[:-1]):
            block = _later(block, self._taken_s)
        self._last_s = self._taken_s = block.t_s.item(-1)
        return block


def _later(block: Block, than_s: float) -> Block:
    """The samples that are later than that and than all before them."""
    t_s = block.t_s
    before = np.maximum.accumulate(np.concatenate([[than_s], t_s[:-1]]))
    later = t_s > before
    return Block(t_s[later], block.acc_g[later])
