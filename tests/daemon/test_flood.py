"""A client that floods the daemon with words: they fill no memory of it."""

from __future__ import annotations

import re
from pathlib import Path

import aiomqtt
import pytest

from tests.daemon.parts import WAIT_S, Part, band, daemon
from tests.mosquitto import Mosquitto
from tests.mosquitto import mosquitto as mosquitto  # noqa: PLC0414 - a fixture
from tests.mqtt.house import subscriber
from tests.test_service import has_frames

NOTE = "stretchband/band/band1/set/note"
WORDS, BYTES = 600, 60_000  # 36 MB in all
# A hundred may wait in the daemon, which is 6 MB; and what the first words of all take.
MOST_MB = 14.0


def memory_mb(of: Part, name: str = "VmHWM") -> float:
    """The most that a process ever had in memory; VmRSS: what it has now."""
    text = Path(f"/proc/{of.process.pid}/status").read_text("ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory as Linux tells it")
async def test_a_flood_of_long_words_fills_no_memory(tmp_path: Path, mosquitto: Mosquitto) -> None:
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, "--seed", "1"),
        daemon(tmp_path, mosquitto.port, fork=False) as running,
        aiomqtt.Client(mosquitto.host, mosquitto.port) as hand,
    ):
        await house.until(lambda: has_frames(house), WAIT_S)
        before_mb = memory_mb(running, "VmRSS")
        for number in range(WORDS):
            last = number == WORDS - 1
            await hand.publish(NOTE, bytes(BYTES), qos=int(last))
        refused = len(house.on("band/band1/state"))
        await hand.publish("stretchband/band/band1/set/side", "right", qos=1)
        await house.until(lambda: len(house.on("band/band1/state")) > refused, WAIT_S)
        assert memory_mb(running) - before_mb < MOST_MB
        assert await running.end() == 0
