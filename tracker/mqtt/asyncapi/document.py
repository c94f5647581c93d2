"""What does the AsyncAPI document of the topics say?

https://www.asyncapi.com/docs/reference/specification/v3.0.0, with the bindings 0.2.0 of MQTT.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import metadata
from importlib.resources import files

from tracker.mqtt.asyncapi.channels import Channel, Message, channels
from tracker.mqtt.asyncapi.schemas import Json, schemas
from tracker.mqtt.payloads import SCHEMA
from tracker.mqtt.settings import MqttSettings
from tracker.mqtt.topics import BRIDGE_STATE, OFFLINE, Topics

_BINDING = "0.2.0"
_ABOUT = """\
Everything is UTF-8; objects are JSON. Times named `at` and `_at` are RFC 3339 in UTC and null \
where there is no wall clock, those named `_s` are seconds, `_deg` degrees. What is not known is \
null. New fields may be added; the ones here keep their name and meaning. Home Assistant's \
discovery is beside this tree. The rules in words: mqtt.md."""


def written() -> str:
    """The document as its file has it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


@cache
def examples() -> dict[str, list[object]]:
    """Payloads of each message by its name; texts are strings."""
    text = files(__package__).joinpath("examples.json").read_text("utf-8")
    by_name: dict[str, list[object]] = json.loads(text)
    return by_name


def document() -> Json:
    """The whole document."""
    told = metadata("stretchband")
    topics = channels()
    messages, named = _messages(topics)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "stretchband",
            "version": f"{SCHEMA}.0.0",
            "description": f"{told['Summary']} {_ABOUT}",
            "license": {"name": told["License-Expression"]},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {channel.name: _channel(channel) for channel in topics},
        "operations": {f"{c.action}_{c.name}": _operation(c) for c in topics},
        "components": {
            "schemas": named,
            "messages": messages,
            "parameters": _PARAMETERS,
            "securitySchemes": _SECURITY,
        },
    }


_PARAMETERS = {
    "base": {
        "description": "`mqtt.base_topic` of the config; may have `/` inside.",
        "default": Topics().base,
    },
    "band": {
        "description": "The band's id in the config: 1 to 32 letters, digits, `_` and `-`.",
        "examples": ["band1"],
    },
}
_SECURITY = {
    "password": {
        "type": "userPassword",
        "description": "`mqtt.username` and `mqtt.password_file`; a broker on this machine may "
        "need none.",
    },
    "certificate": {
        "type": "X509",
        "description": "`mqtt.cert_file` and `mqtt.key_file`, also beside a password.",
    },
}


def _servers() -> Json:
    def server(port: int, protocol: str, about: str, *security: str) -> Json:
        return {
            "host": f"{MqttSettings().host}:{port}",
            "protocol": protocol,
            "protocolVersion": "5.0",
            "description": f"{about} MQTT 3.1.1 where the broker does not speak 5.",
            "security": [_ref("components", "securitySchemes", name) for name in security],
            "bindings": {"mqtt": _connection()},
        }

    return {
        "plain": server(MqttSettings().port, "mqtt", "The broker of the house.", "password"),
        "tls": server(8883, "mqtts", "The same over TLS.", "password", "certificate"),
    }


def _connection() -> Json:
    """How the daemon connects."""
    return {
        "clientId": "stretchband-0123456789",
        "cleanSession": True,
        "lastWill": {
            "topic": Topics().at(BRIDGE_STATE),
            "qos": 1,
            "message": OFFLINE.decode(),
            "retain": True,
        },
        "keepAlive": MqttSettings().keepalive_s,
        "bindingVersion": _BINDING,
    }


def _channel(channel: Channel) -> Json:
    address = f"{{base}}/{channel.suffix}"
    return {
        "address": address,
        "description": channel.about,
        "messages": {
            message.name: _ref("components", "messages", message.name)
            for message in channel.messages
        },
        "parameters": {
            name: _ref("components", "parameters", name)
            for name in _PARAMETERS
            if f"{{{name}}}" in address
        },
    }


def _operation(channel: Channel) -> Json:
    answer = {"reply": {"channel": _ref("channels", channel.answer)}} if channel.answer else {}
    # Retained is what the daemon sends so; what it hears is not to be.
    return {
        "action": channel.action,
        "channel": _ref("channels", channel.name),
        "bindings": {
            "mqtt": {"qos": channel.qos, "retain": channel.retain, "bindingVersion": _BINDING}
        },
        **answer,
    }


def _messages(topics: Sequence[Channel]) -> tuple[Json, Json]:
    """Every message by name, and the schemas that they refer to."""
    messages: Json = {}
    named: Json = {}
    for action in ("send", "receive"):
        these = _once(topic for topic in topics if topic.action == action)
        of_these, below = schemas([m.kind for m in these], sent=action == "send")
        named |= below
        for message, schema in zip(these, of_these, strict=True):
            messages[message.name] = _message(message, schema)
    return messages, named


def _once(topics: Iterable[Channel]) -> list[Message]:
    """Their messages, those of several topics once."""
    return list({m.name: m for topic in topics for m in topic.messages}.values())


def _message(message: Message, schema: Json) -> Json:
    return {
        "name": message.name,
        "summary": message.summary,
        "contentType": "text/plain" if message.text else "application/json",
        "payload": schema,
        "examples": [{"payload": payload} for payload in examples()[message.name]],
    }


def _ref(*path: str) -> Json:
    return {"$ref": "/".join(["#", *path])}
