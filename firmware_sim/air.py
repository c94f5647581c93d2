"""The air between virtual antennas: what is sent arrives, late, twice, damaged or not at all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport

from firmware_sim.controller import Link, VirtualController

Fault = Callable[[bytes], Sequence[bytes]]
"""What arrives of one L2CAP frame: itself, nothing, twice, something else."""

SUPERVISION_TIMEOUT_S = 0.72  # what Bumble's central asks for; BlueZ asks for 0.42

_ATT_CHANNEL = 4
_NOTIFICATION = 0x1B


def of_notifications(fault: Fault) -> Fault:
    """The same fault for GATT notifications alone; all else passes.

    A fault that gives nothing makes a half-open link: connected, answering, never notifying.
    """

    def only_notifications(frame: bytes) -> Sequence[bytes]:
        is_one = frame[2:4] == bytes([_ATT_CHANNEL, 0]) and frame[4:5] == bytes([_NOTIFICATION])
        return fault(frame) if is_one else [frame]

    return only_notifications


class Air(Link):
    """Brings every packet from one virtual controller to the other.

    Each direction of a connection keeps its order and has its own queue; a sender is told that a
    packet is done when it has arrived. All faults may be changed at any time:

    silence(), restore(): nothing passes. What was sent waits and is repeated when the air is back,
        as the link layer does; after `supervision_timeout_s` of it both ends lose their connection
        (reason 0x08).
    refuse:     nobody answers a connect; it fails with 0x3E.
    latency_s:  on top for every packet.
    interval_s, packets_per_interval: at most so many packets each connection interval and
        direction; 0 packets is no limit.
    fault:      done to the frames of both directions before they arrive; see `of_notifications`.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bumble has no annotation there
        self.supervision_timeout_s = SUPERVISION_TIMEOUT_S
        self.refuse = False
        self.latency_s = 0.0
        self.interval_s = 0.0
        self.packets_per_interval = 0
        self.fault: Fault | None = None
        self._silent = False
        self._losses: list[asyncio.TimerHandle] = []
        self._lanes: dict[tuple[hci.Address, hci.Address], _Lane] = {}

    # -- silence and its end

    @property
    def silent(self) -> bool:
        """Nothing passes now."""
        return self._silent

    def silence(self) -> None:
        """Out of range."""
        if not self._silent:
            self._silent = True
            self._losses = [self.lose_later(c, link) for c, link in self._ends()]

    def restore(self) -> None:
        """Back in range."""
        self._silent = False
        for loss in self._losses:
            loss.cancel()
        self._losses.clear()
        self.carry_on()

    def drop_links(self, reason: int = hci.HCI_CONNECTION_TIMEOUT_ERROR) -> None:
        """End every connection now; both ends hear `reason`."""
        for controller, connection in self._ends():
            controller.drop(connection, reason)

    def lose_later(
        self, controller: VirtualController, connection: Connection
    ) -> asyncio.TimerHandle:
        """After `supervision_timeout_s`, with reason 0x08."""
        return asyncio.get_running_loop().call_later(
            self.supervision_timeout_s,
            controller.drop,
            connection,
            hci.HCI_CONNECTION_TIMEOUT_ERROR,
        )

    # -- who is connected

    def other_end(self, connection: Connection) -> tuple[VirtualController, Connection] | None:
        """By both addresses.

        Bumble's own look-up goes by one address and takes the random one for the sender's; two
        centrals with one address, or a public address (Linux uses it), then get lost.
        """
        for controller, theirs in self._ends():
            if (theirs.self_address, theirs.peer_address) == (
                connection.peer_address,
                connection.self_address,
            ):
                return controller, theirs
        return None

    def _ends(self) -> list[tuple[VirtualController, Connection]]:
        return [
            (controller, connection)
            for controller in self.controllers
            if isinstance(controller, VirtualController)
            for connection in controller.le_connections.values()
        ]

    # -- what Bumble's controllers call

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Take a whole L2CAP frame to bring."""
        connection = sender_controller.le_connections.get(destination_address)
        if not isinstance(sender_controller, VirtualController) or connection is None:
            return
        done = partial(
            sender_controller.complete, connection, sender_controller.take_fragments(connection)
        )
        other = self.other_end(connection)
        if other is None:
            return  # never acknowledged: the sender's queue fills up until its timeout
        receiver, theirs = other

        def arrive() -> None:
            if receiver.le_connections.get(theirs.peer_address) is theirs:
                for frame in [data] if self.fault is None else self.fault(data):
                    receiver.on_link_acl_data(theirs.peer_address, transport, frame)
            done()

        self._lane(connection.self_address, connection.peer_address).put(_Packet(receiver, arrive))

    def send_ll_control_pdu(
        self,
        sender_address: hci.Address,
        receiver_address: hci.Address,
        packet: ll.ControlPdu,
    ) -> None:
        """Take a control packet of the link layer to bring, after the data sent before it."""
        for receiver, theirs in self._ends():
            if (theirs.self_address, theirs.peer_address) == (receiver_address, sender_address):
                arrive = partial(self._arrive_control, receiver, theirs, packet)
                self._lane(sender_address, receiver_address).put(_Packet(receiver, arrive))
                return

    @staticmethod
    def _arrive_control(
        receiver: VirtualController, theirs: Connection, packet: ll.ControlPdu
    ) -> None:
        if receiver.le_connections.get(theirs.peer_address) is theirs:
            receiver.on_ll_control_pdu(theirs.peer_address, packet)

    def send_advertising_pdu(
        self, sender_controller: Controller, packet: ll.AdvertisingPdu
    ) -> None:
        """Bring an advertisement or a connect to all others."""
        if not self._silent and not (self.refuse and isinstance(packet, ll.ConnectInd)):
            super().send_advertising_pdu(sender_controller, packet)

    # -- the queues

    def carry_on(self) -> None:
        """Look again whether what waits can go: a receiver is free, the silence is over."""
        for lane in list(self._lanes.values()):
            lane.pump()

    def _lane(self, sender: hci.Address, receiver: hci.Address) -> _Lane:
        lane = self._lanes.get((sender, receiver))
        if lane is None:
            lane = self._lanes[sender, receiver] = _Lane(self)
        return lane


@dataclass(frozen=True, slots=True)
class _Packet:
    receiver: VirtualController
    arrive: Callable[[], None]


class _Lane:
    """One direction of one connection."""

    def __init__(self, air: Air) -> None:
        self._air = air
        self._waiting: deque[_Packet] = deque()
        self._interval: asyncio.TimerHandle | None = None
        self._last_arrival_s = 0.0

    def put(self, packet: _Packet) -> None:
        self._waiting.append(packet)
        self.pump()

    def pump(self) -> None:
        """Send what may go now."""
        if self._interval is not None:
            return
        left = self._air.packets_per_interval or len(self._waiting)
        while self._waiting and left and self._may_go(self._waiting[0]):
            self._send(self._waiting.popleft())
            left -= 1
        if self._air.packets_per_interval:
            self._interval = asyncio.get_running_loop().call_later(
                self._air.interval_s, self._next_interval
            )

    def _next_interval(self) -> None:
        self._interval = None
        if self._waiting:
            self.pump()

    def _may_go(self, packet: _Packet) -> bool:
        return not self._air.silent and not packet.receiver.congested()

    def _send(self, packet: _Packet) -> None:
        loop = asyncio.get_running_loop()
        arrival_s = loop.time() + self._air.latency_s
        if arrival_s <= self._last_arrival_s:  # the latency has just become less: keep the order
            arrival_s = self._last_arrival_s + 1e-6
        if self._air.latency_s == 0 and self._last_arrival_s < loop.time():
            loop.call_soon(packet.arrive)
            return
        self._last_arrival_s = arrival_s
        loop.call_at(arrival_s, packet.arrive)
