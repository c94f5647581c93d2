"""What is on MQTT, for machines: `python -m tracker.mqtt.asyncapi > docs/asyncapi.json`.

AsyncAPI 3.0 with JSON Schemas made from the very types that are sent, so that neither can say
something else than the other. https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import dataclass
from typing import Any, get_args

import msgspec

from tracker.detect.events import Event
from tracker.mqtt import payloads
from tracker.mqtt.commands import BuzzPattern, Pain, Teach

_SCHEMAS = "#/components/schemas/{name}"
_WORD = {"type": "string", "enum": ["online", "offline"]}
EVENTS: tuple[type[msgspec.Struct], ...] = get_args(Event)
RECORDS = (payloads.Info, payloads.Health, payloads.BandState, payloads.Today, payloads.TaughtState)


@dataclass(frozen=True, slots=True)
class _Topic:
    """One topic below the base: what is said on it and how it is sent."""

    key: str
    leaf: str
    summary: str
    messages: dict[str, Any]
    retain: bool = False
    qos: int = 1


def document() -> dict[str, Any]:
    """The whole description."""
    record_refs, schemas = msgspec.json.schema_components(
        (*EVENTS, *RECORDS, list[payloads.LivePoint], Pain, BuzzPattern, Teach),
        ref_template=_SCHEMAS,
    )
    named = dict(
        zip((*EVENTS, *RECORDS, "live", Pain, BuzzPattern, Teach), record_refs, strict=True)
    )
    told, heard = _told(named), _heard(named)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "stretchband",
            "version": f"{payloads.SCHEMA}.0.0",
            "description": "What a stretchband daemon tells the house, and what it hears. "
            "Events come at least once and in order for each band; a repeat has the same event_id.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "127.0.0.1:1883",
                "protocol": "mqtt",
                "security": [{"type": "userPassword"}],
            }
        },
        "channels": {topic.key: _channel(topic) for topic in (*told, *heard)},
        "operations": {
            **{topic.key: _operation(topic, "send") for topic in told},
            **{topic.key: _operation(topic, "receive") for topic in heard},
        },
        "components": {"schemas": schemas},
    }


def _told(named: dict[Any, Any]) -> tuple[_Topic, ...]:
    events = {_name(kind): _message(named[kind], kind) for kind in EVENTS}
    word = {"word": _text(_WORD)}

    def record(kind: type[msgspec.Struct]) -> dict[str, Any]:
        return {_name(kind): _message(named[kind], kind)}

    return (
        _Topic("bridgeState", "bridge/state", "Whether the daemon runs.", word, retain=True),
        _Topic("bridgeInfo", "bridge/info", "What runs.", record(payloads.Info), retain=True),
        _Topic(
            "bridgeHealth", "bridge/health", "How it does.", record(payloads.Health), retain=True
        ),
        _Topic("availability", "band/{band}/availability", "In reach or not.", word, retain=True),
        _Topic(
            "state", "band/{band}/state", "The band now.", record(payloads.BandState), retain=True
        ),
        _Topic(
            "today", "band/{band}/today", "The day's sums.", record(payloads.Today), retain=True
        ),
        _Topic(
            "taught",
            "band/{band}/taught",
            "Taught postures.",
            record(payloads.TaughtState),
            retain=True,
        ),
        _Topic("event", "band/{band}/event", "Events as they happen.", events),
        _Topic("late", "band/{band}/late", "Events older than 30 s when they are sent.", events),
        _Topic(
            "live",
            "band/{band}/live",
            "Ten points a second, for a page.",
            {"points": {"payload": named["live"], "contentType": "application/json"}},
            qos=0,
        ),
    )


def _heard(named: dict[Any, Any]) -> tuple[_Topic, ...]:
    nothing = _text({"type": "string", "maxLength": 0})
    level = {"type": "integer", "enum": [0, 1, 2]}
    said: tuple[tuple[str, str, dict[str, Any]], ...] = (
        (
            "side",
            "The leg is known; auto: gravity tells it.",
            {"leg": _text({"type": "string", "enum": ["left", "right", "auto"]})},
        ),
        (
            "pain",
            "It hurts: the hold ends here.",
            {"nothing": nothing, "note": _message(named[Pain], Pain)},
        ),
        (
            "buzz",
            "Buzz the band.",
            {
                "level": {"payload": level, "contentType": "application/json"},
                "pattern": _message(named[BuzzPattern], BuzzPattern),
            },
        ),
        (
            "note",
            "Words to keep.",
            {"text": _text({"type": "string", "minLength": 1, "maxLength": 500})},
        ),
        ("end", "The hold ends here.", {"nothing": nothing}),
        (
            "teach",
            "Learn the next posture that is held for ten seconds.",
            {"teach": _message(named[Teach], Teach)},
        ),
        ("forget", "Forget what was taught.", {"name": _text({"type": "string", "minLength": 1})}),
    )
    return tuple(
        _Topic(f"set_{name}", f"band/{{band}}/set/{name}", summary, messages)
        for name, summary, messages in said
    )


def _name(kind: type[msgspec.Struct]) -> str:
    return kind.__name__


def _message(schema: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "name": _name(kind),
        "summary": (inspect.getdoc(kind) or "").partition("\n")[0],
        "contentType": "application/json",
        "payload": schema,
    }


def _text(schema: dict[str, Any]) -> dict[str, Any]:
    return {"contentType": "text/plain", "payload": schema}


def _channel(topic: _Topic) -> dict[str, Any]:
    parameters = {"base": {"description": "mqtt.base_topic", "default": "stretchband"}}
    if "{band}" in topic.leaf:
        parameters["band"] = {"description": "The id of a band: 1 to 32 letters, digits, _ and -."}
    return {
        "address": f"{{base}}/{topic.leaf}",
        "summary": topic.summary,
        "parameters": parameters,
        "messages": topic.messages,
    }


def _operation(topic: _Topic, action: str) -> dict[str, Any]:
    binding = {"qos": topic.qos, "retain": topic.retain, "bindingVersion": "0.2.0"}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.key}"},
        "bindings": {"mqtt": binding},
    }


def written() -> str:
    """The document as it is kept in docs."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written())
