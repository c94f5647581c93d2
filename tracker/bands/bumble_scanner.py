"""bleak's scanner (3.1) over Bumble: who advertises, and where is it to be found?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bleak.backends.scanner import (
    AdvertisementData,
    AdvertisementDataCallback,
    BaseBleakScanner,
)
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_str
from bumble import hci
from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Advertisement, Device

from tracker.bands.bumble_host import Controller


@dataclass(frozen=True, slots=True)
class Place:
    """Where a BLEDevice of this backend is to be found."""

    controller: Controller
    address: hci.Address


class BumbleScanner(BaseBleakScanner):
    """What bleak's scanner needs, from a Bumble host."""

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str = "active",
        *,
        controller: Controller,
        **_other_backends: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._controller = controller
        self._active = scanning_mode == "active"

    async def start(self) -> None:
        """Begin to listen."""
        self.seen_devices = {}
        device = self._controller.device
        try:
            if not device.is_scanning:
                await device.start_scanning(active=self._active)
        except BaseBumbleError as error:
            raise BleakError(f"scanning: {error}") from error
        device.on(Device.EVENT_ADVERTISEMENT, self._on_advertisement)

    async def stop(self) -> None:
        """Listen no more; the controller rests when nobody else listens."""
        device = self._controller.device
        device.remove_listener(Device.EVENT_ADVERTISEMENT, self._on_advertisement)
        if self._controller.lost or device.listeners(Device.EVENT_ADVERTISEMENT):
            return
        try:
            await device.stop_scanning()
        except BaseBumbleError as error:
            raise BleakError(f"scanning: {error}") from error

    def _on_advertisement(self, heard: Advertisement) -> None:
        data = _advertised(heard)
        address = heard.address.to_string(with_type_qualifier=False)
        place = Place(self._controller, heard.address)
        device = self.create_or_update_device(address, address, data.local_name, place, data)
        if self.is_allowed_uuid(data.service_uuids):
            self.call_detection_callbacks(device, data)


_TYPE = AdvertisingData.Type
_SERVICE_LISTS = (
    _TYPE.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    _TYPE.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    _TYPE.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    _TYPE.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
)


def _advertised(heard: Advertisement) -> AdvertisementData:
    data = heard.data
    lists = [some for kind in _SERVICE_LISTS for some in data.get_all(kind)]
    uuids = [uuid_text(uuid) for some in lists if isinstance(some, list) for uuid in some]
    name = data.get(_TYPE.COMPLETE_LOCAL_NAME) or data.get(_TYPE.SHORTENED_LOCAL_NAME)
    makers = data.get_all(_TYPE.MANUFACTURER_SPECIFIC_DATA)
    services = data.get_all(_TYPE.SERVICE_DATA_16_BIT_UUID)
    return AdvertisementData(
        local_name=name if isinstance(name, str) else None,
        manufacturer_data={maker: bytes(value) for maker, value in makers},
        service_data={uuid_text(uuid): bytes(value) for uuid, value in services},
        service_uuids=list(dict.fromkeys(uuids)),
        tx_power=None,
        rssi=heard.rssi,
        platform_data=(heard,),
    )


def uuid_text(uuid: UUID) -> str:
    """As bleak writes it."""
    return normalize_uuid_str(uuid.to_hex_str("-"))
