"""A stuck adapter is reset, where that is wished: seldom, and when nothing but it can be at fault.

    searches --fails--> 1 --> ... --> FAILURES in a row --> reset, if the last one was PAUSE_S ago
        ^---------- any search that begins ------------------------|

What a person or the system decided (switched off, blocked, no right, no bluetoothd) is no failure
of the adapter; a reset would undo a person's switch.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

# Five failures with their pauses are half a minute at least: BlueZ restarting is over by then.
FAILURES: Final = 5
PAUSE_S: Final = 600.0  # a reset cuts the connections of everybody who uses the adapter

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adapter:
    """hci: 0 for hci0. address: its own, by which it is found should that number change."""

    hci: int
    address: str


Reset = Callable[[Adapter], Awaitable[bool]]


async def by_library(adapter: Adapter) -> bool:
    """Power off and on by the kernel, and the USB port where that does not help.

    What bluetooth-auto-recovery says.
    """
    from bluetooth_auto_recovery import recover_adapter

    return bool(await recover_adapter(adapter.hci, adapter.address))


class Recovery:
    """Counts how searching goes, and resets.

    adapter: the one that last searched; None when none has.
    """

    def __init__(self, reset: Reset = by_library) -> None:
        self.adapter: Adapter | None = None
        self._reset = reset
        self._failures = 0
        self._reset_s = -math.inf

    def searches(self, adapter: Adapter | None) -> None:
        """It does. adapter: as far as it is known."""
        self._failures = 0
        self.adapter = adapter or self.adapter

    async def failed(self, now_s: float) -> None:
        """It did not, by the adapter's fault; a reset takes up to half a minute.

        now_s: on a steady clock.
        """
        self._failures += 1
        is_due = self._failures >= FAILURES and now_s - self._reset_s >= PAUSE_S
        adapter = self.adapter
        if adapter is None or not is_due:
            return
        self._reset_s = now_s
        name = f"The Bluetooth adapter hci{adapter.hci}"
        _log.warning("%s failed %d times in a row and is reset.", name, self._failures)
        self._failures = 0
        try:
            came_back = await self._reset(adapter)
        except Exception as error:  # noqa: BLE001 - of four libraries, on the kernel's own sockets
            came_back = False
            _log.warning("%s: %s", name, error or type(error).__name__)
        if not came_back:
            _log.warning(
                "%s did not come back: the reset needs the rights CAP_NET_ADMIN and CAP_NET_RAW; "
                "unplug it and plug it in again.",
                name,
            )
