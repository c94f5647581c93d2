"""A virtual Bluetooth controller: Bumble's own (0.0.236), with what it leaves out filled in."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from bumble import hci
from bumble.controller import Connection, Controller
from bumble.link import LocalLink

if TYPE_CHECKING:
    from bumble.transport.common import TransportSink, TransportSource

# A connection that the peer never answered fails after six connection intervals (Bluetooth Core,
# Vol 6, Part B, 4.5): 45 ms at the 7.5 ms that is usual while connecting.
ESTABLISH_S = 0.045

_NOT_LIKE_A_DONGLE = (
    hci.LeFeatureMask.LL_PRIVACY
    | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
)


class Link(LocalLink, ABC):
    """What a controller asks of the air that it is on."""

    @abstractmethod
    def other_end(self, connection: Connection) -> tuple[VirtualController, Connection] | None:
        """The peer's controller and its side of this connection."""

    @abstractmethod
    def lose_later(
        self, controller: VirtualController, connection: Connection
    ) -> asyncio.TimerHandle:
        """This end hears nothing more: it loses the connection after the supervision timeout."""


class VirtualController(Controller):
    """What a USB dongle is to a host, on an air shared with others.

    Filled in, each held by a test: a cancelled connect is forgotten and reported; a reset cuts all
    connections; packets are completed when the air has taken them and not before, so that a full
    link is felt by the sender; packets carry 251 bytes (27 cost more than half of the throughput);
    a connect that nobody answers fails with 0x3E.
    Left out on purpose: scan responses. What a central must know stands in the advertisement.

    congested: asked before a packet is brought; true makes the packet wait in the air. Whoever
               answers true calls `air.carry_on()` when that is over.
    """

    link: Link
    le_acl_data_packet_length = 251
    supported_max_tx_octets = 251
    supported_max_rx_octets = 251
    # Privacy and extended advertising are announced by Bumble and only half there; a host that
    # believes in them (Linux does) gets stuck. Without them this looks like a Bluetooth 4.2 dongle.
    le_features = Controller.le_features & ~_NOT_LIKE_A_DONGLE

    def __init__(
        self,
        name: str,
        air: Link,
        *,
        source: TransportSource | None = None,
        sink: TransportSink | None = None,
        public_address: str | None = None,
    ) -> None:
        super().__init__(name, source, sink, air, public_address)
        self.congested: Callable[[], bool] = lambda: False
        self._fragments: Counter[int] = Counter()

    def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
        """Collect a PDU's fragments; the whole one goes to the air by `Connection.on_acl_pdu`."""
        connection = self.find_connection_by_handle(packet.connection_handle)
        if connection is not None:
            self._fragments[connection.handle] += 1
            connection.assembler.feed_packet(packet)

    def take_fragments(self, connection: Connection) -> int:
        """How many packets of the host made up the PDU just sent."""
        return self._fragments.pop(connection.handle, 0)

    def complete(self, connection: Connection, fragments: int) -> None:
        """Tell the host that the air has taken so many packets of this connection."""
        if fragments and self.le_connections.get(connection.peer_address) is connection:
            self.send_hci_packet(
                hci.HCI_Number_Of_Completed_Packets_Event(
                    connection_handles=[connection.handle], num_completed_packets=[fragments]
                )
            )

    def create_le_connection(self, peer_address: hci.Address) -> None:
        """Connect, and fail after a while when the peer does not know of it."""
        super().create_le_connection(peer_address)
        connection = self.le_connections.get(peer_address)
        if connection is not None:
            asyncio.get_running_loop().call_later(ESTABLISH_S, self._check_established, connection)

    def _check_established(self, connection: Connection) -> None:
        if self.link.other_end(connection) is None:
            self.drop(connection, hci.HCI_CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR)

    def drop(self, connection: Connection, reason: int) -> None:
        """End this side of a connection and report it, unless it has ended already."""
        if self.le_connections.get(connection.peer_address) is connection:
            self.on_le_disconnected(connection, reason)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Forget the pending connect and say so (Bluetooth Core, Vol 4, Part E, 7.8.13)."""
        pending = self.pending_le_connection
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.pending_le_connection = None
        cancelled = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        # The event follows the command's answer, not the other way round.
        asyncio.get_running_loop().call_soon(self.send_hci_packet, cancelled)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_reset_command(
        self, command: hci.HCI_Reset_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Start afresh: what was connected, advertised or sought is gone."""
        self.fall_silent()
        return super().on_hci_reset_command(command)

    def fall_silent(self) -> None:
        """Stop sending for good; the own host hears nothing, peers find out by their timeout."""
        self.pending_le_connection = None
        self.le_scan_enable = False
        self.le_legacy_advertiser.stop()
        self._fragments.clear()
        connections = list(self.le_connections.values())
        others = [self.link.other_end(connection) for connection in connections]
        self.le_connections.clear()
        for other in others:
            if other is not None:
                self.link.lose_later(*other)

    def leave(self) -> None:
        """Unplug: the air and the host forget this controller."""
        self.fall_silent()
        self.link.remove_controller(self)
        self.host = None
