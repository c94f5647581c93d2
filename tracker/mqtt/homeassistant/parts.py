"""Which keys does a component of the discovery need?

QoS is said in each: Home Assistant takes one at the root and does not hand it down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.mqtt.topics import BRIDGE_STATE, Topics

# JSON on its way out: keys and values are Home Assistant's.
Component = dict[str, Any]


def band_part(platform: str, name: str, topic: str, template: str, **more: object) -> Component:
    """An entity that says how the band is now: unknown to the house while the band is away."""
    return {
        "platform": platform,
        "name": name,
        "state_topic": topic,
        "value_template": template,
        "qos": 1,
        **more,
    }


def history_part(
    topics: Topics, platform: str, name: str, topic: str, template: str, **more: object
) -> Component:
    """An entity that the log answers: it stays while the band is away, but not without the daemon.

    Its own availability stands in place of the device's.
    """
    return {**band_part(platform, name, topic, template, **more), **_from_the_log(topics)}


def event(topics: Topics, name: str, topic: str, kinds: Sequence[str], icon: str) -> Component:
    """An entity that takes these kinds out of all events; empty is Home Assistant's `ignore`."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    told = "dict(value_json, event_type=value_json.event) | tojson"
    template = f"{{{{ {told} if value_json.event in [{listed}] else '' }}}}"
    part = band_part("event", name, topic, template, event_types=list(kinds), icon=icon)
    return {**part, **_from_the_log(topics)}


def trigger(topic: str, kind: str, subtype: str) -> Component:
    """Something an automation may begin with."""
    return {
        "platform": "device_automation",
        "automation_type": "trigger",
        "type": kind,
        "subtype": subtype,
        "topic": topic,
        "payload": kind,
        "value_template": "{{ value_json.event }}",
        "qos": 1,
    }


def button(name: str, topic: str, payload: str, icon: str) -> Component:
    """A word to the band, never kept for later."""
    return {
        "platform": "button",
        "name": name,
        "command_topic": topic,
        "payload_press": payload,
        "qos": 1,
        "icon": icon,
    }


def select(name: str, command: str, state: str, template: str, options: Sequence[str]) -> Component:
    """A choice of the wearer's, with what is chosen now."""
    return {
        **band_part("select", name, state, template),
        "command_topic": command,
        "options": list(options),
        "entity_category": "config",
        "icon": "mdi:foot-print",
    }


def _from_the_log(topics: Topics) -> Component:
    return {"availability": [{"topic": topics.at(BRIDGE_STATE)}], "availability_mode": "all"}
