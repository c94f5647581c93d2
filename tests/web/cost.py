"""What the page costs a tablet: `python -m tests.web.cost` prints the browser's share of a core.

A hold with ten live points a second, in blocks of five as a real band brings them, for 20 s; the
processor time of all of Chromium's processes, drawn without a graphics card.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import tempfile
import time
from itertools import count
from pathlib import Path

import aiomqtt

from tests.mosquitto import Mosquitto
from tests.store.filling import BAND, new_store
from tests.web.page import browser, looking, served
from tracker.clock import rfc3339
from tracker.mqtt.payloads import BandState

SETTLE_S, MEASURED_S, BLOCK_S = 5.0, 20.0, 0.5
TICKS_S = os.sysconf("SC_CLK_TCK")


def processor_s() -> dict[int, float]:
    """Seconds of processor time by process, of all whose name is Chromium's."""
    spent: dict[int, float] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = file.read_text("utf-8").rpartition(")")
        except OSError:
            continue  # it has ended
        if "chrom" in name:
            fields = rest.split()
            spent[int(file.parent.name)] = (int(fields[11]) + int(fields[12])) / TICKS_S
    return spent


async def breathe(house: aiomqtt.Client, seconds: float) -> None:
    """Publish live points of a breath of six seconds."""
    end_s = time.monotonic() + seconds
    for block in count():
        if time.monotonic() > end_s:
            return
        times = [block * BLOCK_S + 0.1 * i for i in range(5)]
        phase = "exhale" if times[0] % 6.0 < 3.0 else "inhale"
        points = [[t, 70.0, round(math.sin(t * math.pi / 3.0), 2), phase] for t in times]
        await house.publish(f"stretchband/band/{BAND}/live", json.dumps(points))
        await asyncio.sleep(BLOCK_S)


async def measure(folder: Path) -> None:
    broker = Mosquitto(folder)
    broker.start()
    new_store(folder / "history.db").close()
    state = BandState(
        holding=True,
        stretch="hamstring",
        side="left",
        started_at=rfc3339(time.time()),
        target_s=30.0,
        worn=True,
        connected=True,
    )
    retained = {
        "bridge/state": b"online",
        f"band/{BAND}/availability": b"online",
        f"band/{BAND}/state": state.to_json(),
    }
    async with (
        aiomqtt.Client("127.0.0.1", broker.port) as house,
        served(folder, broker.port) as address,
        browser() as chrome,
        looking(chrome, address),
    ):
        for suffix, payload in retained.items():
            await house.publish(f"stretchband/{suffix}", payload, retain=True)
        await breathe(house, SETTLE_S)
        before, began_s = processor_s(), time.monotonic()
        await breathe(house, MEASURED_S)
        after, lasted_s = processor_s(), time.monotonic() - began_s
    broker.kill()
    spent = sum(seconds - before.get(process, 0.0) for process, seconds in after.items())
    print(f"the browser took {100.0 * spent / lasted_s:.1f} % of a core")  # noqa: T201


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as one:
        asyncio.run(measure(Path(one)))
