"""How long pairing takes, and encrypting with the key: python -m tests.bands.pairing_time"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bleak import BleakClient

from tests.bands.rig import ADDRESS, rig, still_firmware
from tracker.bands.bumble_client import BumbleClient

TIMES = 20


async def main() -> None:
    """Print the median and the most, in milliseconds; the key is on disk within the first."""
    pairing: list[float] = []
    encrypting: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with rig(Path(folder), still_firmware()) as r:
            seen = await r.radio.find(ADDRESS, 5.0)
            assert seen is not None
            for _ in range(TIMES):
                for took in (pairing, encrypting):
                    async with BleakClient(seen.device, backend=BumbleClient) as client:
                        began_s = time.perf_counter()
                        await client.pair()
                        took.append(1000 * (time.perf_counter() - began_s))
                await r.radio.forget(seen)
                r.band.gatt.bonds.forget()
    for name, took in (("pairing", pairing), ("encrypting", encrypting)):
        print(f"{name:10} p50 {statistics.median(took):.1f} ms, most {max(took):.1f} ms")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
