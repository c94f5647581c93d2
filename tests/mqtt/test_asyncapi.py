"""The machine-readable contract says what is really sent, and nothing else is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # one call is not worth its stubs
import pytest

from tests.daemon.parts import BAND, band, daemon
from tests.mosquitto import Mosquitto
from tests.mqtt.house import Heard, say, subscriber
from tracker.mqtt.asyncapi import document, written
from tracker.mqtt.commands import _READERS, parse

DOCS = Path(__file__).parents[2] / "docs" / "asyncapi.json"
CONTRACT = document()
EXAMPLES: dict[str, tuple[bytes, ...]] = {
    "side": (b"left", b"auto"),
    "pain": (b"", b'{"note":"behind the knee"}'),
    "buzz": (b"1", b'{"pulses":2,"on_s":0.1,"off_s":0.2}'),
    "note": (b"by the window",),
    "end": (b"",),
    "teach": (b'{"name":"pigeon","side":"left"}', b'{"name":"pigeon"}'),
    "forget": (b"pigeon",),
}


def channel_of(topic: str) -> dict[str, Any]:
    """The one channel whose address is the topic."""
    found = []
    for channel in CONTRACT["channels"].values():
        address = re.escape(channel["address"]).replace(r"\{base\}", "stretchband")
        if re.fullmatch(address.replace(r"\{band\}", "[A-Za-z0-9_-]{1,32}"), topic):
            found.append(channel)
    assert len(found) == 1, topic
    only: dict[str, Any] = found[0]
    return only


def check(topic: str, payload: bytes) -> None:
    """Raise unless the payload is one of the messages of its topic."""
    messages = channel_of(topic)["messages"].values()
    for message in messages:
        text = message["contentType"] == "text/plain"
        try:
            value = payload.decode() if text else json.loads(payload)
            schema = {**message["payload"], "components": CONTRACT["components"]}
            jsonschema.validate(value, schema)
        except (jsonschema.ValidationError, json.JSONDecodeError):
            continue
        return
    raise AssertionError(f"{topic}: {payload[:300]!r} is no message of the contract")


def test_the_file_in_docs_is_what_the_types_say() -> None:
    assert DOCS.read_text("utf-8") == written()


def test_every_operation_has_its_channel_and_every_reference_its_schema() -> None:
    for operation in CONTRACT["operations"].values():
        kind, key = operation["channel"]["$ref"].removeprefix("#/").split("/")
        assert key in CONTRACT[kind]
    for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(CONTRACT)):
        assert name in CONTRACT["components"]["schemas"]


def test_every_command_is_described_and_its_examples_are_taken() -> None:
    assert EXAMPLES.keys() == _READERS.keys()
    for name, payloads in EXAMPLES.items():
        for payload in payloads:
            check(f"stretchband/band/band1/set/{name}", payload)
            parse(name, payload)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("bridge/state", b"asleep"),
        ("band/band1/state", b'{"holding":1}'),
        ("band/band1/event", b'{"event":"hold_began"}'),
        ("band/band1/set/side", b"both"),
    ],
)
def test_what_is_not_in_the_contract_is_seen(topic: str, payload: bytes) -> None:
    with pytest.raises(AssertionError, match="no message of the contract"):
        check(f"stretchband/{topic}", payload)


async def test_a_whole_session_says_nothing_else(tmp_path: Path, mosquitto: Mosquitto) -> None:
    short = Path(__file__).parents[1] / "detect" / "recordings" / "short-0.csv.gz"
    played = ("--recording", str(short), "--start-on-connect", "--speed", "20")
    async with subscriber(mosquitto.port) as house, band(tmp_path, *played):
        async with daemon(tmp_path, mosquitto.port) as running:
            await say(mosquitto.port, f"stretchband/band/{BAND}/set/note", b"calm today")
            ended = b'{"event":"session_ended"'
            topics = [f"band/{BAND}/{leaf}" for leaf in ("event", "late")]
            await house.until(
                lambda: any(e.startswith(ended) for topic in topics for e in house.on(topic)),
                120.0,
            )
            assert await running.end() == 0, running.said
        heard: list[Heard] = list(house.heard)
    for message in heard:
        check(message.topic, message.payload)
    leaves = {message.topic.rpartition("/")[2] for message in heard}
    assert leaves >= {"state", "info", "health", "availability", "today", "event", "live", "note"}
