"""docs/asyncapi.json is made from the types, is AsyncAPI 3, and what is said about it holds."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.mosquitto import Mosquitto
from tests.mqtt import contract
from tests.mqtt.contract import DOCUMENT, FILE, assert_documented, channels, why_not
from tests.mqtt.house import Logged, MemoryOutbox, running, subscriber
from tests.mqtt.test_commands import READ, REFUSED
from tracker.detect.events import event_name, from_json, to_json
from tracker.mqtt.asyncapi.document import examples, written
from tracker.mqtt.commands import READERS, CommandError, parse
from tracker.mqtt.publisher import LATE_S, Publisher
from tracker.mqtt.settings import MqttSettings

META = Path(__file__).parent / "asyncapi" / "schema-3.0.0.json.gz"
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]
COMMANDS = {c.name.removeprefix("set_"): c for c in channels() if c.action == "receive"}


def payloads(message: str) -> list[bytes]:
    """Its examples as they are on the wire."""
    text = MESSAGES[message]["contentType"] == "text/plain"
    told = [one["payload"] for one in MESSAGES[message]["examples"]]
    return [one.encode() if text else json.dumps(one).encode() for one in told]


def test_the_file_is_what_the_command_writes() -> None:
    assert FILE.read_text("utf-8") == written(), "`make asyncapi` writes it anew"


def test_it_is_asyncapi_3_by_its_own_schema() -> None:
    schema = json.loads(gzip.decompress(META.read_bytes()))
    validator = Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(DOCUMENT)] == []
    broken = {**DOCUMENT, "operations": {"send_state": {"action": "sing"}}}
    assert list(validator.iter_errors(broken))


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, list):
            return [ref for one in part for ref in references(one)]
        if not isinstance(part, dict):
            return []
        own = [part["$ref"]] if "$ref" in part else []
        return own + [ref for one in part.values() for ref in references(one)]

    found = set(references(DOCUMENT))
    assert len(found) > len(MESSAGES)
    for ref in found:
        target: Any = DOCUMENT
        for step in ref.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_every_event_and_every_command_is_there() -> None:
    assert list(COMMANDS) == list(READERS)
    (event,) = (c for c in channels() if c.name == "event")
    (late,) = (c for c in channels() if c.name == "late")
    assert event.messages == late.messages
    assert {event_name(from_json(p)) for m in event.messages for p in payloads(m)} == set(
        event.messages
    )


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_has_examples_that_are_it(message: str) -> None:
    assert payloads(message)
    for payload in payloads(message):
        assert why_not(message, payload) is None
    assert examples().keys() == MESSAGES.keys()


def test_a_field_that_is_missing_unknown_or_wrong_is_found() -> None:
    (ended,) = examples()["hold_ended"]
    assert isinstance(ended, dict)

    def why(**changes: object) -> str | None:
        return why_not("hold_ended", json.dumps({**ended, **changes}).encode())

    assert why() is None
    assert why(side="both") is not None
    assert why(at="2026-03-01 08:00") is not None
    assert why(at=None) is None
    assert why(mood="calm") is not None
    for field in ended:
        less = {key: value for key, value in ended.items() if key != field}
        assert why_not("hold_ended", json.dumps(less).encode()) is not None, field


@pytest.mark.parametrize(("name", "payload"), [(n, p) for n, p, _ in [*READ, *REFUSED]])
def test_the_document_allows_the_commands_that_are_obeyed_and_no_other(
    name: str, payload: bytes
) -> None:
    try:
        parse(name, payload)
        obeyed = True
    except CommandError:
        obeyed = False
    messages = COMMANDS[name].messages if name in COMMANDS else []
    assert any(why_not(message, payload) is None for message in messages) is obeyed


def test_the_examples_of_commands_are_obeyed() -> None:
    for name, channel in COMMANDS.items():
        for message in channel.messages:
            for payload in payloads(message):
                parse(name, payload)


async def test_every_kind_of_event_is_sent_as_documented_new_and_late(
    mosquitto: Mosquitto,
) -> None:
    (channel,) = (c for c in channels() if c.name == "event")
    events = [from_json(payload) for name in channel.messages for payload in payloads(name)]
    outbox, now_s = MemoryOutbox(), time.time()
    for at_s in (now_s - LATE_S - 60.0, now_s + 3600.0):
        for event in events:
            outbox.entries.append(Logged(len(outbox.entries) + 1, "band1", event, at_s))
    publisher = Publisher(MqttSettings(port=mosquitto.port), outbox, bands=["band1"])
    async with subscriber(mosquitto.port) as house, running(publisher):
        await house.until(lambda: len(house.on("band/band1/event")) == len(events))
    for leaf in ("late", "event"):
        assert house.on(f"band/band1/{leaf}") == [to_json(event) for event in events]
    assert assert_documented(house.heard) == {*channel.messages, "bridge_state"}


def test_a_topic_that_nobody_wrote_down_is_found() -> None:
    with pytest.raises(AssertionError):
        contract.channel_of("stretchband/band/band1/mood")
    with pytest.raises(AssertionError):
        contract.channel_of("stretchband/band/a/b/state")
