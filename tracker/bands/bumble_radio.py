"""A Bluetooth controller that this process drives by itself, with Bumble as the host.

Bumble (extra `sim`) is a Bluetooth host in Python. It takes a controller by the name of its
transport: `usb:0`, `serial:/dev/ttyACM0`, `hci-socket:0` (BlueZ must let go of it first),
`unix:PATH` or `tcp-client:127.0.0.1:PORT` (firmware_sim).
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bumble import hci
from bumble.core import BaseBumbleError
from bumble.device import Device, DeviceConfiguration
from bumble.keys import MemoryKeyStore
from bumble.transport import open_transport
from bumble.transport.common import Transport

from tracker.bands.bumble_bleak import DISCONNECT_S, BumbleClient, BumbleScanner, Controller
from tracker.bands.radio import Radio, RadioUnavailable

OPEN_S: Final = 10.0


class OpenController(Controller):
    """A controller and the transport that leads to it."""

    def __init__(self, device: Device, transport: Transport) -> None:
        super().__init__(device)
        self._transport = transport

    @classmethod
    async def open(cls, name: str) -> OpenController:
        """Take the controller at this transport. Raises RadioUnavailable."""
        try:
            async with asyncio.timeout(OPEN_S):
                transport = await open_transport(name)
        except _transport_errors() as error:
            raise RadioUnavailable(_why_not(name, error)) from error
        config = DeviceConfiguration(name="tracker", address=hci.Address.generate_static_address())
        device = Device.from_config_with_hci(config, transport.source, transport.sink)
        device.keystore = MemoryKeyStore()
        try:
            async with asyncio.timeout(OPEN_S):
                await device.power_on()
        except (BaseBumbleError, TimeoutError) as error:
            await transport.close()
            raise RadioUnavailable(_why_not(name, error)) from error
        return cls(device, transport)

    async def close(self) -> None:
        """Give the controller back; connections end with it."""
        if not self.lost:
            for connection in list(self.device.connections.values()):
                with suppress(BaseBumbleError, TimeoutError):
                    async with asyncio.timeout(DISCONNECT_S):
                        await connection.disconnect()
        await self._transport.close()


class BumbleRadio(Radio):
    """A controller that this process drives by itself."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._controller: OpenController | None = None

    async def close(self) -> None:
        """Give the controller back."""
        controller, self._controller = self._controller, None
        if controller is not None:
            await controller.close()

    def _client_options(self) -> dict[str, Any]:
        return {"backend": BumbleClient}

    async def _start_scanner(
        self, heard: Callable[[BLEDevice, AdvertisementData], None]
    ) -> BleakScanner:
        if self._controller is not None and self._controller.lost:
            await self.close()
        if self._controller is None:
            self._controller = await OpenController.open(self.name)
        scanner = BleakScanner(heard, backend=BumbleScanner, controller=self._controller)
        await scanner.start()
        return scanner


def _transport_errors() -> tuple[type[Exception], ...]:
    """What Bumble and the libraries beneath it raise for a transport that cannot be opened."""
    # A malformed name is a ValueError or an AssertionError there; a missing library an ImportError.
    errors = (OSError, BaseBumbleError, ValueError, AssertionError, ImportError, TimeoutError)
    try:
        usb_error: type[Exception] = importlib.import_module("usb1").USBError
    except (ImportError, OSError):  # libusb itself may be missing
        return errors
    return (*errors, usb_error)


def _why_not(name: str, error: Exception) -> str:
    kind = name.partition(":")[0]
    detail = str(error) or type(error).__name__
    if kind in ("unix", "tcp-client") and isinstance(error, OSError | TimeoutError):
        return (
            f'No simulated band answers at "{name}" ({detail}): '
            "start one with python3 -m firmware_sim --listen ADDRESS."
        )
    return (
        f'The radio "{name}" cannot be used ({detail}): is it plugged in, may this user open it, '
        "and has the system let go of it?"
    )
