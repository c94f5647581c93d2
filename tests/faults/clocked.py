"""`stretchband run` on a wall clock that the test sets: python -m tests.faults.clocked FILE run ...

FILE is made by `WallClock`. SIGUSR1 writes how many asyncio tasks there are to FILE.tasks.
"""

from __future__ import annotations

import asyncio
import gc
import mmap
import signal
import struct
import sys
import time
from pathlib import Path

from tracker import host_time

# Monotonic seconds and seconds since 1970 of one moment; speed; by how much it was set since then.
_CLOCK = struct.Struct("=dddd")
_monotonic = time.monotonic


class WallClock:
    """A clock in a file, for this process and the daemon: it may run fast, and be set."""

    def __init__(self, path: Path, wall_s: float, speed: float = 1.0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._zero = (_monotonic(), wall_s, speed)
        self.set_s = 0.0
        self.step(0.0)

    @property
    def now_s(self) -> float:
        """Seconds since 1970, as the daemon has them."""
        return reading(self.path.read_bytes())[0]

    def step(self, by_s: float) -> None:
        """Set it forward, or back."""
        self.set_s += by_s
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(_CLOCK.pack(*self._zero, self.set_s))

    def sleep(self, for_s: float) -> None:
        """Time passes, for the steady clock too, and takes none."""
        began_s, wall_s, speed = self._zero
        self._zero = (began_s, wall_s + for_s, speed)
        self.step(0.0)

    def at(self, monotonic_s: float) -> float:
        """The true time of a moment: as the clock would show it if nobody had set it."""
        began_s, wall_s, speed = self._zero
        return wall_s + (monotonic_s - began_s) * speed

    def tasks_told(self) -> int | None:
        """How many asyncio tasks the daemon has, once it has answered SIGUSR1; taken once."""
        told = Path(f"{self.path}.tasks")
        if not told.exists() or not (text := told.read_text()).endswith("\n"):
            return None
        told.unlink()
        return int(text)


def reading(content: bytes | mmap.mmap) -> tuple[float, float]:
    """What the clock shows, and what it would show if nobody had set it."""
    began_s, wall_s, speed, set_s = _CLOCK.unpack(content[: _CLOCK.size])
    steady_s = float(wall_s + (_monotonic() - began_s) * speed)
    return steady_s + set_s, steady_s


def live_by(path: Path) -> None:
    """From here on this process takes the time from the file."""
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), _CLOCK.size, access=mmap.ACCESS_READ)
    time.time = lambda: reading(content)[0]
    host_time._steady_s = lambda: reading(content)[1]

    def count_tasks(_number: int, _frame: object) -> None:
        tasks = [o for o in gc.get_objects() if isinstance(o, asyncio.Task) and not o.done()]
        Path(f"{path}.tasks").write_text(f"{len(tasks)}\n")

    signal.signal(signal.SIGUSR1, count_tasks)


if __name__ == "__main__":
    live_by(Path(sys.argv[1]))
    from tracker.cli import main

    sys.argv = ["stretchband", *sys.argv[2:]]
    main()
