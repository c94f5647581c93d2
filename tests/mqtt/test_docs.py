"""The examples in docs/mqtt.md are what is really sent."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tracker.detect.events import from_json, to_json
from tracker.mqtt.payloads import BandState, Health, Info, LivePoint, TaughtState, Today

PAGE = (Path(__file__).parents[2] / "docs" / "mqtt.md").read_text("utf-8")
EXAMPLES = [
    line.encode()
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    for line in block.split("\n")
]


def test_every_example_is_written_as_the_code_writes_it() -> None:
    started, ended, state, today, taught, info, health, live = filter(None, EXAMPLES)
    for event in (started, ended):
        assert to_json(from_json(event)) == event
    for payload, kind in (
        (state, BandState),
        (today, Today),
        (taught, TaughtState),
        (info, Info),
        (health, Health),
    ):
        assert msgspec.json.decode(payload, type=kind).to_json() == payload
    assert msgspec.json.encode(msgspec.json.decode(live, type=list[LivePoint])) == live
