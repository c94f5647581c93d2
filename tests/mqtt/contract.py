"""What docs/asyncapi.json says of a message: which one it is, or why it is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT7

from tests.mqtt.house import Heard

FILE = Path(__file__).parents[2] / "docs" / "asyncapi.json"
Json = dict[str, Any]

DOCUMENT: Json = json.loads(FILE.read_text("utf-8"))


def _is_moment(text: object) -> bool:
    return not isinstance(text, str) or (
        text.endswith("Z") and datetime.fromisoformat(text).tzinfo is not None
    )


def _is_day(text: object) -> bool:
    return not isinstance(text, str) or date.fromisoformat(text).isoformat() == text


_formats = FormatChecker(())
_formats.checks("date-time", ValueError)(_is_moment)
_formats.checks("date", ValueError)(_is_day)


def _closed(part: Any) -> Any:
    """The same schemas with nothing allowed that is not named: what is sent is all written down."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = closed.get("additionalProperties", False)
    if isinstance(closed.get("items"), list):
        closed["additionalItems"] = False
    return closed


_strict = {**DOCUMENT, "components": _closed(DOCUMENT["components"])}
_registry: Registry[Any] = Registry().with_resource("urn:doc", DRAFT7.create_resource(_strict))


@dataclass(frozen=True)
class Channel:
    """A topic of the document, for one base topic."""

    name: str
    messages: list[str]
    qos: int
    retain: bool
    action: str


def channels() -> list[Channel]:
    """Every channel with how its one operation sends."""
    found = []
    for operation in DOCUMENT["operations"].values():
        name = operation["channel"]["$ref"].rpartition("/")[2]
        bindings = operation["bindings"]["mqtt"]
        messages = list(DOCUMENT["channels"][name]["messages"])
        action = operation["action"]
        found.append(Channel(name, messages, bindings["qos"], bindings["retain"], action))
    return found


def channel_of(topic: str, base: str = "stretchband") -> Channel:
    """The one channel of a topic."""
    found = [c for c in channels() if re.fullmatch(_pattern(c.name, base), topic)]
    assert len(found) == 1, f"{topic}: {found}"
    return found[0]


def _pattern(channel: str, base: str) -> str:
    address = DOCUMENT["channels"][channel]["address"]
    return str(address.replace("{base}", re.escape(base)).replace("{band}", "[A-Za-z0-9_-]{1,32}"))


def why_not(message: str, payload: bytes) -> str | None:
    """Why the payload is not that message; None when it is."""
    kind = DOCUMENT["components"]["messages"][message]["contentType"]
    try:
        told = payload.decode()
        told = json.loads(told) if kind == "application/json" else told
    except (ValueError, RecursionError) as error:
        return f"{message}: {error}"
    schema = {"$ref": f"urn:doc#/components/messages/{message}/payload"}
    validator = Draft7Validator(schema, registry=_registry, format_checker=_formats)
    errors = [f"{message}: {e.json_path}: {e.message}" for e in validator.iter_errors(told)]
    return "; ".join(errors) or None


def message_of(topic: str, payload: bytes) -> str:
    """The one message of the topic that the payload is."""
    reasons = {name: why_not(name, payload) for name in channel_of(topic).messages}
    fitting = [name for name, reason in reasons.items() if reason is None]
    assert len(fitting) == 1, f"{topic} {payload[:200]!r}: {fitting or reasons}"
    return fitting[0]


def assert_documented(heard: Iterable[Heard]) -> set[str]:
    """Each message is exactly one of its topic's; the names of all. A retained one may be kept."""
    messages = set()
    for one in heard:
        messages.add(message_of(one.topic, one.payload))
        assert not one.retained or channel_of(one.topic).retain, one.topic
    return messages
