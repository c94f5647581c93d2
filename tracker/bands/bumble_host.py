"""A Bluetooth controller taken by this process, with Bumble as its host.

Bumble (extra `sim`) is a Bluetooth host in Python. It takes a controller by the name of its
transport: `usb:0`, `serial:/dev/ttyACM0`, `hci-socket:0` (BlueZ must let go of it first),
`unix:PATH` or `tcp-client:127.0.0.1:PORT` (firmware_sim).
"""

from __future__ import annotations

import asyncio
import errno
import logging
from contextlib import suppress
from typing import Final

from bumble import hci
from bumble.core import BaseBumbleError
from bumble.device import Device, DeviceConfiguration
from bumble.keys import KeyStore, PairingKeys
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport
from bumble.transport.common import Transport, TransportSpecError

from tracker.bands.bonds import Bond, Bonds
from tracker.bands.missing_radio import RadioUnavailable

OPEN_S: Final = 10.0
DISCONNECT_S: Final = 5.0

# What becomes of a pairing is told in a sentence by whoever wanted it.
logging.getLogger("bumble.smp").setLevel(logging.ERROR)

# No screen, no keys to type on: Just Works. The band knows this computer by the address that it
# sees, which does not change, so there is no identity to tell beside it.
_PAIRING: Final = PairingConfig(
    mitm=False,
    delegate=PairingDelegate(
        local_initiator_key_distribution=PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY,
        local_responder_key_distribution=PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY,
    ),
    identity_address_type=PairingConfig.AddressType.RANDOM,
)


class Keys(KeyStore):
    """The bonds, as Bumble looks keys up. A new one is held here until it has been kept."""

    def __init__(self, bonds: Bonds) -> None:
        self._bonds = bonds
        self._made: dict[str, Bond] = {}

    async def get(self, name: str) -> PairingKeys | None:
        """The keys of a band, by its address."""
        bond = self._bonds.get(_address(name))
        return None if bond is None else PairingKeys(ltk=PairingKeys.Key(bond.ltk))

    async def update(self, name: str, keys: PairingKeys) -> None:
        """A pairing has been done. What the older kind leaves (other keys) is not worth keeping."""
        if keys.ltk is not None:
            self._made[_address(name)] = Bond(keys.ltk.value)

    async def keep(self, address: str) -> bool:
        """Write down what was made with this band; on disk afterwards. Raises BondsError.

        False when there is nothing: it was no pairing by Secure Connections.
        """
        bond = self._made.pop(address, None)
        if bond is not None:
            await asyncio.to_thread(self._bonds.keep, address, bond)
        return bond is not None


def _address(name: str) -> str:
    """Without Bumble's mark for public ones."""
    return name.partition("/")[0]


class Controller:
    """A controller with a host on it, powered on.

    lost: it was unplugged, or the process that holds the air has ended; nothing brings it back.
    """

    def __init__(self, device: Device, transport: Transport, bonds: Bonds) -> None:
        self.device = device
        self.bonds = bonds
        self.keys = device.keystore = Keys(bonds)
        self.lost = False
        self._transport = transport
        device.host.on("flush", self._on_flush)

    @classmethod
    async def open(cls, name: str, bonds: Bonds) -> Controller:
        """Take the controller at this transport. Raises RadioUnavailable, BondsError."""
        address = hci.Address(bonds.address)
        try:
            async with asyncio.timeout(OPEN_S):
                transport = await open_transport(name)
        except Exception as error:  # each of Bumble's drivers has errors of its own
            raise RadioUnavailable(_why_not(name, error)) from error
        config = DeviceConfiguration(name="tracker", address=address)
        device = Device.from_config_with_hci(config, transport.source, transport.sink)
        device.pairing_config_factory = lambda _connection: _PAIRING
        controller = cls(device, transport, bonds)
        try:
            async with asyncio.timeout(OPEN_S):
                await device.power_on()
        except (BaseBumbleError, TimeoutError) as error:
            await transport.close()
            raise RadioUnavailable(_why_not(name, error)) from error
        return controller

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
            f'the radio "{name}" is none: "system", or a transport of Bumble\'s such as "usb:0", '
            '"serial:/dev/ttyACM0", "unix:PATH" or "tcp-client:127.0.0.1:PORT"'
        )
    detail = (isinstance(error, OSError) and error.strerror) or str(error) or "no answer"
    if kind in ("unix", "tcp-client"):
        listen = f"{'unix' if kind == 'unix' else 'tcp'}:{place}"
        return (
            f'no simulated band answers at "{name}" ({detail}): '
            f"start one with python3 -m firmware_sim --listen {listen}"
        )
    code = getattr(error, "errno", None) or getattr(error, "value", None)  # libusb's is a value
    if code in _NOT_ALLOWED:
        allow = _ALLOW.get(kind, "allow it")
        return f'this user may not open the radio "{name}" ({detail}): {allow}'
    if code in _HELD:
        free = _FREE.get(kind, "end that program")
        return f'the radio "{name}" is held by another program ({detail}): {free}'
    return (
        f'the radio "{name}" cannot be used ({detail}): see that it is plugged in, that this user '
        "may open it, and that the system has let go of it"
    )


_NOT_ALLOWED: Final = (errno.EACCES, errno.EPERM, -3)  # -3: LIBUSB_ERROR_ACCESS
_ALLOW: Final = {
    "usb": "give it the dongle by a udev rule, or by the group plugdev",
    "serial": "add it to the group dialout and log in again",
    "hci-socket": "give Python the right CAP_NET_ADMIN, as a service does by AmbientCapabilities",
}
_HELD: Final = (errno.EBUSY, -6)  # -6: LIBUSB_ERROR_BUSY
_FREE: Final = {
    "usb": "end that one; only one can have a dongle",
    "hci-socket": 'have BlueZ let go of it (bluetoothctl power off), or set radio = "system"',
}
