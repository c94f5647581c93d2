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

    settings = (0.0, HOUR_S, -YEAR_S, YEAR_S)
    began_s = time.time()

    def setting_of(text: str) -> float:
        """Of the clock that dated this event: the only one by which it is of just now."""
        at_s = datetime.fromisoformat(json.loads(text)["at"]).timestamp()
        now_s = time.time()
        [off_s] = (off for off in settings if began_s - NEAR_S < at_s - off < now_s + NEAR_S)
        return off_s

    set_to(0.0)
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "20"),
        daemon(
            tmp_path, mosquitto.port, command=("-m", "tests.daemon.set_clock", str(file))
        ) as running,
    ):
        await house.until(has_heard(house, "hold_started"), LONG_S)
        for off_s in settings[1:]:
            set_to(off_s)
            await house.until(lambda: off_s in map(setting_of, heard_once(house)), LONG_S)  # noqa: B023
        set_to(0.0)
        await finish(house, running)
    log = log_of(tmp_path)
    assert_same(log, analyzed(RECORDING), near_s=0.25)
    assert heard_once(house) == log
    assert set(map(setting_of, log)) == set(settings)
    for table in ("holds", "sessions"):
        torn = f"SELECT count(*) FROM {table} WHERE ended_at < started_at"  # noqa: S608 - these two
        assert query(tmp_path / "history.db", torn) == [0]
