"""Which bands does a controller of this process's own reach, and which of them does it know?

Bumble drives it, on the virtual air, a USB dongle or a serial line; bleak talks through
`bumble_scanner.py` and `bumble_client.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from tracker.bands.bonds import Bonds, BondsError
from tracker.bands.bumble_client import BumbleClient
from tracker.bands.bumble_host import Controller
from tracker.bands.bumble_scanner import BumbleScanner
from tracker.bands.radio import Radio, Seen

LOOK_S: Final = 0.5  # at a small file, and only while a person is asked to press a button


class BumbleRadio(Radio):
    """A controller that this process drives by itself, and so keeps the keys of the bands."""

    def __init__(self, name: str, bonds: Bonds) -> None:
        super().__init__(name)
        self._bonds = bonds
        self._tried: dict[str, bytes | None] = {}
        self._controller: Controller | None = None

    async def close(self) -> None:
        """Give the controller back."""
        controller, self._controller = self._controller, None
        if controller is not None:
            await controller.close()

    async def knows(self, seen: Seen) -> bool:
        """Whether there is a bond with it."""
        return self._bonds.get(seen.address) is not None

    async def forget(self, seen: Seen) -> None:
        """Drop the bond with it."""
        await asyncio.to_thread(self._bonds.forget, seen.address)

    async def prove(self, address: str) -> None:
        """The band has taken the bond for good."""
        await asyncio.to_thread(self._bonds.prove, address)

    async def until_bonded(self, address: str) -> None:
        """Look into the file of the keys for another one than was tried last."""
        while True:
            with suppress(BondsError):  # the next try says so
                bond = await asyncio.to_thread(self._bonds.get, address)
                if bond is not None and bond.ltk != self._tried.get(address.upper()):
                    return
            await asyncio.sleep(LOOK_S)

    async def _secure(self, client: BleakClient, seen: Seen) -> None:
        bond = await asyncio.to_thread(self._bonds.get, seen.address)
        self._tried[seen.address.upper()] = None if bond is None else bond.ltk
        await client.pair()

    def _client_options(self) -> dict[str, Any]:
        return {"backend": BumbleClient}

    async def _start_scanner(
        self, heard: Callable[[BLEDevice, AdvertisementData], None]
    ) -> BleakScanner:
        if self._controller is not None and self._controller.lost:
            await self.close()
        if self._controller is None:
            self._controller = await Controller.open(self.name, self._bonds)
        scanner = BleakScanner(heard, backend=BumbleScanner, controller=self._controller)
        await scanner.start()
        return scanner
