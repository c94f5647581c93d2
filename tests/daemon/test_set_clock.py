"""Somebody sets this machine's clock while the daemon runs."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path

from tests.daemon.parts import band, daemon
from tests.daemon.test_chain import (
    LONG_S,
    PLAYED,
    RECORDING,
    analyzed,
    assert_same,
    finish,
    has_heard,
    heard_once,
    log_of,
    query,
)
from tests.mosquitto import Mosquitto
from tests.mqtt.house import subscriber

HOUR_S, YEAR_S = 3600.0, 365 * 86400.0
# The band's clock is twenty times too fast here, so its times cannot be exact:
# `tests/test_clock.py` holds them to 50 ms.
NEAR_S = 600.0


async def test_events_go_by_the_clock_as_it_is_set_and_nothing_else_changes(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    file = tmp_path / "off"

    def set_to(off_s: float) -> None:
        draft = file.with_suffix(".new")
        draft.write_text(str(off_s), "ascii")
        draft.replace(file)

    set_to(0.0)
    began_s = time.time()
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "20"),
        daemon(
            tmp_path, mosquitto.port, command=("-m", "tests.daemon.set_clock", str(file))
        ) as running,
    ):
        for number, off_s in enumerate((HOUR_S, -YEAR_S, YEAR_S, 0.0), 1):
            await house.until(has_heard(house, "hold_started", number), LONG_S)
            set_to(off_s)
        await finish(house, running)
    ended_s = time.time()
    log = log_of(tmp_path)
    assert_same(log, analyzed(RECORDING), near_s=0.25)
    assert heard_once(house) == log
    settings = [0.0, HOUR_S, -YEAR_S, YEAR_S]
    seen: set[float] = set()
    for text in log:
        at_s = datetime.fromisoformat(json.loads(text)["at"]).timestamp()
        near = [off for off in settings if began_s - NEAR_S < at_s - off < ended_s + NEAR_S]
        assert len(near) == 1, text
        seen.add(near[0])
    assert seen == set(settings)
    for table in ("holds", "sessions"):
        torn = f"SELECT count(*) FROM {table} WHERE ended_at < started_at"  # noqa: S608 - these two
        assert query(tmp_path / "history.db", torn) == [0]
