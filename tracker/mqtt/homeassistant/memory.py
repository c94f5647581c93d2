"""What was announced before and is no more has to be taken back, or it stays for ever.

Home Assistant keeps a component that a newer payload does not name, and a device whose payload
nobody clears. So each payload is remembered: a component that went is named with its platform
alone, which removes it; a band that went gets an empty payload.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tracker.mqtt.homeassistant.device import Place, discovery


class Announced(NamedTuple):
    """A retained payload on a whole topic; empty: removed."""

    topic: str
    payload: bytes


def announcements(places: Iterable[Place], before: Mapping[str, bytes]) -> list[Announced]:
    """What to announce now, after what was `before` (payloads by topic).

    Everything is to be remembered, the empty payloads too: a broker may have missed them.
    """
    now = {place.topic: discovery(place) for place in places}
    said = [
        Announced(topic, _json(_with_removals(payload, before.get(topic, b""))))
        for topic, payload in now.items()
    ]
    return said + [Announced(topic, b"") for topic in before if topic not in now]


def _with_removals(payload: dict[str, Any], before: bytes) -> dict[str, Any]:
    had: dict[str, Any] = json.loads(before)["components"] if before else {}
    gone = {
        key: {"platform": part["platform"]}
        for key, part in had.items()
        if key not in payload["components"]
    }
    return {**payload, "components": {**payload["components"], **gone}}


def _json(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
