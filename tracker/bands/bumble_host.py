"""A Bluetooth controller taken by this process, with Bumble as its host.

Bumble (extra `sim`) is a Bluetooth host in Python. It takes a controller by the name of its
transport: `usb:0`, `serial:/dev/ttyACM0`, `hci-socket:0` (BlueZ must let go of it first),
`unix:PATH` or `tcp-client:127.0.0.1:PORT` (firmware_sim).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from bumble import hci
from bumble.core import BaseBumbleError
from bumble.device import Device, DeviceConfiguration
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig
from bumble.transport import open_transport
from bumble.transport.common import Transport, TransportSpecError

from tracker.bands.radio import RadioUnavailable

OPEN_S: Final = 10.0
DISCONNECT_S: Final = 5.0


# The band keeps its bond under the address that it sees, not under the controller's public one.
_PAIRING: Final = PairingConfig(mitm=False, identity_address_type=PairingConfig.AddressType.RANDOM)


class Controller:
    """A controller with a host on it, powered on.

    lost: it was unplugged, or the process that holds the air has ended; nothing brings it back.
    """

    def __init__(self, device: Device, transport: Transport) -> None:
        self.device = device
        self.lost = False
        self._transport = transport
        device.host.on("flush", self._on_flush)

    @classmethod
    async def open(cls, name: str) -> Controller:
        """Take the controller at this transport. Raises RadioUnavailable."""
        try:
            async with asyncio.timeout(OPEN_S):
                transport = await open_transport(name)
        except Exception as error:  # each of Bumble's drivers has errors of its own
            raise RadioUnavailable(_why_not(name, error)) from error
        config = DeviceConfiguration(name="tracker", address=hci.Address.generate_static_address())
        device = Device.from_config_with_hci(config, transport.source, transport.sink)
        device.keystore = MemoryKeyStore()
        device.pairing_config_factory = lambda _connection: _PAIRING
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

    def _on_flush(self) -> None:
        self.lost = True


def _why_not(name: str, error: Exception) -> str:
    kind, _, place = name.partition(":")
    if isinstance(error, TransportSpecError | ValueError | AssertionError):
        return (
            f'The radio "{name}" is none: "system", or a transport of Bumble\'s such as "usb:0", '
            '"serial:/dev/ttyACM0", "unix:PATH" or "tcp-client:127.0.0.1:PORT".'
        )
    detail = (isinstance(error, OSError) and error.strerror) or str(error) or "no answer"
    if kind in ("unix", "tcp-client"):
        listen = f"{'unix' if kind == 'unix' else 'tcp'}:{place}"
        return (
            f'No simulated band answers at "{name}" ({detail}): '
            f"start one with python3 -m firmware_sim --listen {listen}."
        )
    return (
        f'The radio "{name}" cannot be used ({detail}): is it plugged in, may this user open it, '
        "and has the system let go of it?"
    )
