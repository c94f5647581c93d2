"""The other end for tests of the band: a Bumble host with a controller of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bumble.core import UUID
from bumble.device import Connection, Device, DeviceConfiguration, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import Address, OwnAddressType
from bumble.keys import KeyStore, MemoryKeyStore
from bumble.pairing import PairingConfig
from bumble.transport import open_transport
from bumble.transport.common import TransportSink, TransportSource

from firmware_sim.air import Air
from firmware_sim.controller import VirtualController
from firmware_sim.gatt import ADDRESS
from tracker.bands.stretchband import (
    CONTROL_UUID,
    MOTION_UUID,
    STATUS_UUID,
    Frame,
    ReadFrom,
    Status,
    Stop,
    decode_frame,
    decode_status,
    encode_control,
)

PATIENCE_S = 10.0  # what takes so long does not come


class Talk:
    """One connection to a band."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.peer = Peer(connection)
        self.lost: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        connection.on("disconnection", self.lost.set_result)

    def characteristic(self, uuid: str) -> CharacteristicProxy[bytes]:
        return self.peer.get_characteristics_by_uuid(UUID(uuid))[0]

    async def bond(self) -> None:
        """Encrypt with the key that there is, else pair."""
        async with asyncio.timeout(PATIENCE_S):
            keys = self.connection.device.keystore
            assert keys is not None
            if await keys.get(str(self.connection.peer_address)) is not None:
                await self.connection.encrypt()
            else:
                await self.connection.pair()

    async def read(self, uuid: str) -> bytes:
        value = await asyncio.wait_for(self.characteristic(uuid).read_value(), PATIENCE_S)
        return bytes(value)

    async def write(self, uuid: str, data: bytes, *, response: bool = True) -> None:
        writing = self.characteristic(uuid).write_value(data, with_response=response)
        await asyncio.wait_for(writing, PATIENCE_S)

    async def subscribe(self, uuid: str) -> asyncio.Queue[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        await self.characteristic(uuid).subscribe(queue.put_nowait)
        return queue

    async def status(self) -> Status:
        return decode_status(await self.read(STATUS_UUID))

    async def ask(self, boot_id: int = 0, seq: int = 0) -> None:
        await self.write(CONTROL_UUID, encode_control(ReadFrom(boot_id, seq)))

    async def stop(self) -> None:
        await self.write(CONTROL_UUID, encode_control(Stop()))

    async def stream(self) -> asyncio.Queue[bytes]:
        """Notifications of the motion, asked for from the oldest frame on."""
        queue = await self.subscribe(MOTION_UUID)
        await self.ask()
        return queue


async def take(queue: asyncio.Queue[bytes], n: int) -> list[Frame]:
    """The next frames of a stream."""
    return [decode_frame(await asyncio.wait_for(queue.get(), PATIENCE_S)) for _ in range(n)]


def seqs(frames: list[Frame]) -> list[int]:
    return [frame.seq for frame in frames]


class Central:
    def __init__(self, device: Device) -> None:
        self.device = device

    async def connect(
        self,
        address: str = ADDRESS,
        *,
        mtu: int = 517,
        timeout_s: float = PATIENCE_S,
        own: OwnAddressType = OwnAddressType.RANDOM,
        bond: bool = True,
    ) -> Talk:
        """Connected and looked round; bond: and encrypted."""
        connection = await self.device.connect_le(
            Address(address), own_address_type=own, timeout=timeout_s
        )
        talk = Talk(connection)
        async with asyncio.timeout(PATIENCE_S):
            await talk.peer.request_mtu(mtu)
            await talk.peer.discover_all()  # type: ignore[no-untyped-call]  # Bumble's
        if bond:
            await talk.bond()
        return talk


async def _host(
    source: TransportSource, sink: TransportSink, address: str, keys: KeyStore | None
) -> Central:
    configuration = DeviceConfiguration(name="central", address=Address(address))
    device = Device.from_config_with_hci(configuration, source, sink)
    device.keystore = MemoryKeyStore() if keys is None else keys
    pairing = PairingConfig(mitm=False, identity_address_type=PairingConfig.AddressType.RANDOM)
    device.pairing_config_factory = lambda _connection: pairing
    await device.power_on()
    return Central(device)


@asynccontextmanager
async def central_on(
    air: Air, address: str = "F0:F1:F2:F3:F4:00", keys: KeyStore | None = None
) -> AsyncIterator[Central]:
    """A central in this process. keys: of one who was here before."""
    controller = VirtualController("central", air, public_address="02:53:42:FF:00:01")
    central = await _host(controller, controller, address, keys)
    try:
        yield central
    finally:
        await central.device.power_off()
        controller.leave()


@asynccontextmanager
async def central_by(
    transport: str, address: str = "F0:F1:F2:F3:F4:00", keys: KeyStore | None = None
) -> AsyncIterator[Central]:
    """A central on a transport name, as another process would have it."""
    async with await open_transport(transport) as hci:
        central = await _host(hci.source, hci.sink, address, keys)
        try:
            yield central
        finally:
            await central.device.power_off()
