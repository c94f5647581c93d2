"""A tracker as a process of its own: python -m tests.bands.central RADIO ADDRESS FILE

Writes a line `boot_id seq` for each frame; the last whole line is its cursor. Killed whenever a
test likes, it must go on without a gap or a repetition.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tracker.bands.arrivals import Arrival, Greeting
from tracker.bands.link import BandLink, Limits
from tracker.bands.opening import open_radio
from tracker.bands.reader import Cursor


def lines(path: Path) -> list[tuple[int, int]]:
    """(boot_id, seq) of the whole lines."""
    whole = path.read_text().split("\n")[:-1] if path.exists() else []
    return [(int(boot_id), int(seq)) for boot_id, seq in map(str.split, whole)]


async def main(radio: str, address: str, path: Path, stored: list[tuple[int, int]]) -> None:
    """Read the band for ever."""

    async def cursor() -> Cursor | None:
        return Cursor(*stored[-1]) if stored else None

    queue: asyncio.Queue[Arrival | Greeting] = asyncio.Queue(64)
    limits = Limits(scan_s=1.0, first_pause_s=0.05, longest_pause_s=0.2)
    link = BandLink(
        "band1",
        address,
        open_radio(radio, path.with_suffix(".bonds")),
        cursor,
        queue,
        lambda _: None,
        limits=limits,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(link.run())
        tasks.create_task(_write(queue, path))


async def _write(queue: asyncio.Queue[Arrival | Greeting], path: Path) -> None:
    with path.open("a") as file:
        while True:
            match await queue.get():
                case Arrival(frame, _):
                    file.write(f"{frame.boot_id} {frame.seq}\n")
                    file.flush()


if __name__ == "__main__":
    file_path = Path(sys.argv[3])
    known = lines(file_path)
    file_path.write_text("".join(f"{boot_id} {seq}\n" for boot_id, seq in known))  # no torn end
    asyncio.run(main(sys.argv[1], sys.argv[2], file_path, known))
