"""Fixtures of the daemon's tests."""

from __future__ import annotations

from tests.mosquitto import mosquitto

__all__ = ["mosquitto"]
