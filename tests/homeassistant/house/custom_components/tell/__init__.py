"""Writes down four times a second what Home Assistant knows, and does what do.json says."""

import json
import os
from datetime import timedelta

from homeassistant.components.device_automation import (
    DeviceAutomationType,
    async_get_device_automations,
)
from homeassistant.helpers import device_registry
from homeassistant.helpers.event import async_track_time_interval


async def async_setup(hass, config):
    path = hass.config.path("known.json")
    orders = hass.config.path("do.json")

    def write(text):
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def read():
        try:
            with open(orders) as file:
                order = json.load(file)
        except FileNotFoundError:
            return None
        os.remove(orders)
        return order

    async def tell(now):
        order = await hass.async_add_executor_job(read)
        if order is not None:
            await hass.services.async_call(
                order["domain"], order["action"], order["data"], blocking=True
            )
        devices = device_registry.async_get(hass).devices.values()
        triggers = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER)
        known = {
            "states": {state.entity_id: state.as_dict() for state in hass.states.async_all()},
            "devices": {device.id: device.name for device in devices},
            "triggers": [one for of_device in triggers.values() for one in of_device],
        }
        await hass.async_add_executor_job(write, json.dumps(known, default=str))

    async_track_time_interval(hass, tell, timedelta(seconds=0.25))
    return True
