"""Fixtures of the MQTT tests."""

from __future__ import annotations

from tests.mosquitto import mosquitto

__all__ = ["mosquitto"]
