"""The system's adapter on Linux: BlueZ, of which more is to be had over D-Bus than bleak asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final
from weakref import WeakSet

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakError,
)
from dbus_fast.errors import AuthError

from tracker.bands import bluez
from tracker.bands.bonding import BondLostError
from tracker.bands.missing_radio import NO_SERVICE, RadioUnavailable
from tracker.bands.radio import RADIO_ERRORS, STOP_S, BusyError, Connection, Seen
from tracker.bands.recovery import Adapter, Recovery
from tracker.bands.system_radio import SystemRadio

_log = logging.getLogger(__name__)

# Two programs that begin or end a search at once are through with it within seconds.
TURNS: Final = 4
TURN_S: Final = 0.5


class BlueZRadio(SystemRadio):
    """BlueZ, which pairs when it is asked to, and encrypts by itself whom it has a bond with."""

    tells_lost_bonds = False  # 5.82 does not say it, see watch_keys

    def __init__(self, recovery: Recovery | None = None) -> None:
        super().__init__()
        self._recovery = recovery
        self._made: WeakSet[Connection] = WeakSet()

    async def _search_began(self) -> None:
        if self._recovery is not None:
            is_known = self._recovery.adapter is not None
            self._recovery.searches(None if is_known else await _adapter())

    async def _search_failed(self, error: Exception) -> None:
        if self._recovery is not None and _is_the_adapters_fault(error):
            await self._recovery.failed(asyncio.get_running_loop().time())

    async def _search_unanswered(self) -> None:
        """Leave the bus, and BlueZ lets go of the search; bleak comes back to it by itself.

        Where two programs begin a search at once, BlueZ 5.82 answers one only. It refuses the other
        any further search then, for as long as that stays on the bus. Bleak watches connections
        from the same place there, so they end too.
        """
        _log.warning("BlueZ did not answer whether a search had begun or ended: its bus is left.")
        async with self._connecting:
            for connection in list(self._made):
                await connection.close()
            with suppress(*RADIO_ERRORS):
                async with _of_bluez():
                    await bluez.leave()

    async def connect(
        self, seen: Seen, gone: Callable[[], None], connect_s: float, request_s: float
    ) -> Connection:
        """As others do; raises BondLostError when BlueZ says that its key was refused."""
        connection = await self._connect(seen, gone, connect_s, request_s)
        self._made.add(connection)
        return connection

    async def _connect(
        self, seen: Seen, gone: Callable[[], None], connect_s: float, request_s: float
    ) -> Connection:
        if not await self.knows(seen):
            return await super().connect(seen, gone, connect_s, request_s)
        async with (
            _of_bluez(limited=False),
            bluez.watch_keys(_path(seen)) as key_was_refused,
        ):
            try:
                return await super().connect(seen, gone, connect_s, request_s)
            except RADIO_ERRORS as error:
                if key_was_refused():
                    raise BondLostError from error
                raise

    async def knows(self, seen: Seen) -> bool:
        """Whether BlueZ has a bond with it."""
        async with _of_bluez():
            return await bluez.is_bonded(_path(seen))

    async def forget(self, seen: Seen) -> None:
        """Have BlueZ forget it."""
        async with _of_bluez():
            await bluez.forget(_path(seen).rpartition("/")[0], _path(seen))

    async def until_bonded(self, address: str) -> None:
        """Wait for BlueZ to say so."""
        with suppress(*RADIO_ERRORS):
            async with _of_bluez(limited=False):
                await bluez.until_bonded(address)
            return
        await super().until_bonded(address)

    async def _secure(self, _client: BleakClient, seen: Seen) -> None:
        async with _of_bluez(limited=False):
            await bluez.pair(_path(seen))

    async def _start_scanner(
        self, heard: Callable[[BLEDevice, AdvertisementData], None]
    ) -> BleakScanner:
        for _ in range(TURNS - 1):
            with suppress(BusyError):
                return await self._begin_search(heard)
            await asyncio.sleep(TURN_S)
        return await self._begin_search(heard)

    async def _begin_search(
        self, heard: Callable[[BLEDevice, AdvertisementData], None]
    ) -> BleakScanner:
        try:
            return await super()._start_scanner(heard)
        except RadioUnavailable as error:
            # A bluetoothd that goes takes its adapters along, which is all that bleak looks at.
            if _no_adapter(error):
                async with _of_bluez():
                    if not await bluez.is_there():
                        raise RadioUnavailable(NO_SERVICE) from error
            raise


@asynccontextmanager
async def _of_bluez(*, limited: bool = True) -> AsyncIterator[None]:
    """Asking BlueZ beside bleak: what fails is told as bleak does."""
    try:
        async with asyncio.timeout(STOP_S if limited else None):
            yield
    except TimeoutError:  # an OSError too
        raise
    except (OSError, AuthError) as error:
        raise BleakError(f"D-Bus: {error}") from error


async def _adapter() -> Adapter | None:
    """The one that bleak searches by; None when BlueZ does not say."""
    try:
        async with _of_bluez():
            return await bluez.adapter()
    except RADIO_ERRORS:
        return None


def _is_the_adapters_fault(error: Exception) -> bool:
    """Not what a person or the system decided; but a vanished one is, where there was one."""
    match error.__cause__:
        case BleakBluetoothNotAvailableError() as cause:
            return cause.reason.name == "NO_BLUETOOTH"
    return isinstance(error, BleakError | TimeoutError)


def _path(seen: Seen) -> str:
    """Where BlueZ has it on the bus."""
    return str(seen.device.details["path"])


def _no_adapter(error: RadioUnavailable) -> bool:
    cause = error.__cause__
    no_adapter = BleakBluetoothNotAvailableReason.NO_BLUETOOTH
    return isinstance(cause, BleakBluetoothNotAvailableError) and cause.reason is no_adapter
