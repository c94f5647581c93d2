"""Home Assistant finds a band by itself: one retained payload a band says what there is of it."""

from tracker.mqtt.homeassistant.device import Place, discovery
from tracker.mqtt.homeassistant.memory import Announced, announcements

__all__ = ["Announced", "Place", "announcements", "discovery"]
