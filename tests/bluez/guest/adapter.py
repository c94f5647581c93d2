"""Plugs a Bluetooth adapter into the kernel: /dev/vhci on this side, the test's air on the other.

The air's controller speaks HCI in a stream (H4); the kernel takes and gives whole packets.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
from typing import Final

# H4's packet types: the bytes of the header after the type, and the length within them.
_HEADER: Final = {
    0x02: struct.Struct("<2xH"),
    0x03: struct.Struct("<2xB"),
    0x04: struct.Struct("<xB"),
    0x05: struct.Struct("<2xH"),
}
_CREATE: Final = b"\xff\x00"


def packets(stream: bytearray) -> list[bytes]:
    """The whole packets at the beginning of the stream, taken away from it."""
    whole = []
    while stream:
        header = _HEADER[stream[0]]
        if len(stream) < 1 + header.size:
            break
        end = 1 + header.size + header.unpack_from(stream, 1)[0]
        if len(stream) < end:
            break
        whole.append(bytes(stream[:end]))
        del stream[:end]
    return whole


def to_kernel(air: int, kernel: int) -> None:
    """What the controller says."""
    stream = bytearray()
    while said := os.read(air, 65536):
        stream += said
        for packet in packets(stream):
            os.write(kernel, packet)


def to_air(kernel: int, air: int) -> None:
    """What the kernel says."""
    while True:
        packet = os.read(kernel, 4096)
        if packet[0] == _CREATE[0]:  # its answer: which hci it is
            continue
        while packet:
            packet = packet[os.write(air, packet) :]


def main() -> None:
    """Until it is killed, which pulls the adapter out."""
    air = os.open(sys.argv[1], os.O_RDWR)
    kernel = os.open("/dev/vhci", os.O_RDWR)
    os.write(kernel, _CREATE)
    threading.Thread(target=to_kernel, args=(air, kernel), daemon=True).start()
    to_air(kernel, air)


main()
