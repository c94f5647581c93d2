"""Fixtures of the tests with Home Assistant."""

from __future__ import annotations

from tests.mosquitto import mosquitto

__all__ = ["mosquitto"]
