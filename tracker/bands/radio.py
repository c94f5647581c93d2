"""How a radio is used to reach the bands, whichever it is.

All are bleak, and differ in its backend. What is here is what every band shares: one scanner for
all who look for a band, and one connect at a time.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError, BleakGATTProtocolError
from bleak_retry_connector import BleakClientWithServiceCache, establish_connection

from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.stretchband import SERVICE_UUID

# What bleak raises when a radio, its daemon or its bus fails; anything else is a bug.
RADIO_ERRORS: Final = (BleakError, TimeoutError, EOFError, ConnectionError)

STOP_S: Final = 5.0  # BlueZ answers in milliseconds or never
START_S: Final = 30.0  # D-Bus waits 25 for a bluetoothd that does not start, and then says so
# A scanner that lost its adapter says nothing for ever, so none is trusted for longer.
_FRESH_S = 30.0
_ATTEMPTS = 2  # bleak-retry-connector's own; the pauses between ours grow


class RefusedError(Exception):
    """The device answered a request with an ATT error, `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"refused with ATT error {code:#04x}")
        self.code = code


class BusyError(BleakError):
    """The radio is there and begins no search just now: somebody else is in the way."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One advertiser as it was last heard.

    rssi: dBm, nearer to 0 is stronger.
    """

    address: str
    name: str | None
    rssi: int
    is_stretchband: bool
    device: BLEDevice = field(repr=False, compare=False)


Heard = Callable[[Seen], None]


class Connection:
    """A connected band: its characteristics by UUID, each request under a time limit.

    start_notify was seen hanging for 18 hours. Requests raise RADIO_ERRORS or RefusedError.
    """

    def __init__(
        self, client: BleakClient, request_s: float, secure: Callable[[], Awaitable[None]]
    ) -> None:
        self._client = client
        self._request_s = request_s
        self._secure = secure

    async def secure(self, pair_s: float) -> None:
        """Encrypt with the key of the bond that there is, or make a bond, within so many seconds.

        Raises BondLostError, PairingRefusedError; BondsError when the key cannot be kept.
        """
        async with asyncio.timeout(pair_s):
            await self._secure()

    def has_service(self, uuid: str) -> bool:
        """Whether it is this kind of device."""
        return self._client.services.get_service(uuid) is not None

    def has_characteristic(self, uuid: str) -> bool:
        """Whether this can be asked for."""
        return self._client.services.get_characteristic(uuid) is not None

    async def read(self, uuid: str) -> bytes:
        """The characteristic's value now."""
        async with self._request():
            return bytes(await self._client.read_gatt_char(uuid))

    async def write(self, uuid: str, data: bytes, *, response: bool = True) -> None:
        """Write it; with `response` it is known to have arrived."""
        async with self._request():
            await self._client.write_gatt_char(uuid, data, response=response)

    async def subscribe(self, uuid: str, heard: Callable[[bytes], None]) -> None:
        """Have every notification passed to `heard`."""

        def notified(_characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
            heard(bytes(data))

        async with self._request():
            await self._client.start_notify(uuid, notified)

    async def close(self) -> None:
        """Disconnect; on BlueZ this alone gives the D-Bus connection back."""
        with suppress(*RADIO_ERRORS):
            async with asyncio.timeout(self._request_s):
                await self._client.disconnect()

    @asynccontextmanager
    async def _request(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._request_s):
                yield
        except BleakGATTProtocolError as error:
            raise RefusedError(int(error.code)) from error


class Radio(ABC):
    """What scans and connects; one for all bands of a process.

    Any method may raise RadioUnavailable, or one of RADIO_ERRORS.

    tells_lost_bonds: a key that the band refuses is always told as BondLostError.
    """

    tells_lost_bonds = True

    def __init__(self, name: str) -> None:
        self.name = name
        # A search has begun: there is a radio, and it can be used.
        self.searches = asyncio.Event()
        self._listeners: list[Heard] = []
        self._scanner: BleakScanner | None = None
        self._started_s = 0.0
        self._scanning = asyncio.Lock()
        self._connecting = asyncio.Lock()

    async def find(self, address: str, seconds: float) -> Seen | None:
        """Wait for a word from this address; None when there was none for so long."""
        found: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()

        def heard(seen: Seen) -> None:
            if seen.address.upper() == address.upper() and not found.done():
                found.set_result(seen)

        async with self._listening(heard):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    return await found
        return None

    async def scan(self, seconds: float) -> list[Seen]:
        """All who advertise within so many seconds: stretchbands first, then the strongest."""
        heard: dict[str, Seen] = {}
        async with self._listening(lambda seen: heard.update({seen.address: seen})):
            await asyncio.sleep(seconds)
        return sorted(heard.values(), key=lambda seen: (not seen.is_stretchband, -seen.rssi))

    async def connect(
        self, seen: Seen, gone: Callable[[], None], connect_s: float, request_s: float
    ) -> Connection:
        """Connect within `connect_s`; `gone` is called when the connection ends, however it ends.

        The caller closes the connection, also when it has ended by itself.
        """
        # Adapters take one connect at a time; waiting for the turn is not this band's slowness.
        async with self._connecting, asyncio.timeout(connect_s):
            client = await establish_connection(
                BleakClientWithServiceCache,
                seen.device,
                seen.name or seen.address,
                disconnected_callback=lambda _client: gone(),
                max_attempts=_ATTEMPTS,
                **self._client_options(),
            )
        return Connection(client, request_s, partial(self._secure, client, seen))

    async def knows(self, seen: Seen) -> bool | None:  # noqa: ARG002 - not everywhere it is told
        """Whether this computer has a bond with it; None where the system does not tell."""
        return None

    async def forget(self, seen: Seen) -> None:  # noqa: B027 - where the system pairs, it forgets
        """Drop the bond with it; it has to be found again afterwards."""

    async def prove(self, address: str) -> None:  # noqa: B027 - the system's keys are the system's
        """The band has taken the bond for good: it was asked for frames."""

    async def until_bonded(self, address: str) -> None:  # noqa: ARG002 - see knows
        """Wait until somebody else, such as `stretchband pair`, has made a bond with it.

        For ever where the system does not tell. It is waited for when the last one was refused.
        """
        await asyncio.Event().wait()

    async def _secure(self, client: BleakClient, seen: Seen) -> None:  # noqa: B027 - see forget
        """Encrypt or pair; nothing where the system does it at the first need."""

    async def release(self, address: str) -> None:  # noqa: B027 - most radios keep nothing
        """End a connection that a killed process left behind."""

    async def close(self) -> None:  # noqa: B027 - the system's radio is not ours to close
        """Give the radio back."""

    @abstractmethod
    async def _start_scanner(
        self, heard: Callable[[BLEDevice, AdvertisementData], None]
    ) -> BleakScanner: ...

    async def _search_began(self) -> None:  # noqa: B027 - for who keeps count
        """The scanner runs."""

    async def _search_failed(self, error: Exception) -> None:  # noqa: B027 - the same
        """The scanner could not be started."""

    async def _search_unanswered(self) -> None:  # noqa: B027 - where a search belongs to its bus
        """Nobody said in time whether the scanner has begun or ended: it may be either."""

    def _client_options(self) -> dict[str, Any]:
        return {}

    @asynccontextmanager
    async def _listening(self, heard: Heard) -> AsyncIterator[None]:
        """Share the scanner: BlueZ refuses a second one of the same process."""
        async with self._scanning:
            await self._keep_scanning()
            self._listeners.append(heard)
        try:
            yield
        finally:
            self._listeners.remove(heard)
            async with self._scanning:
                if not self._listeners:
                    await self._stop_scanning()

    async def _keep_scanning(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._scanner is not None and now_s - self._started_s < _FRESH_S:
            return
        await self._stop_scanning()
        try:
            async with asyncio.timeout(START_S):
                self._scanner = await self._start_scanner(self._on_advertisement)
        except (RadioUnavailable, *RADIO_ERRORS) as error:
            if isinstance(error, TimeoutError):
                await self._search_unanswered()
            await self._search_failed(error)
            raise
        self._started_s = now_s
        self.searches.set()
        await self._search_began()

    async def _stop_scanning(self) -> None:
        scanner, self._scanner = self._scanner, None
        if scanner is None:
            return
        try:
            async with asyncio.timeout(STOP_S):
                await scanner.stop()
        except TimeoutError:
            await self._search_unanswered()
        except RADIO_ERRORS:  # it ends with its adapter too
            pass

    def _on_advertisement(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        seen = Seen(
            address=device.address,
            name=advertisement.local_name or device.name,
            rssi=advertisement.rssi,
            is_stretchband=SERVICE_UUID in advertisement.service_uuids,
            device=device,
        )
        for heard in list(self._listeners):
            heard(seen)
