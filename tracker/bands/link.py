"""One band's link: finds it, reads its ring on from the last frame, for ever.

    look for it --seen--> connect --> conversation --ended--> disconnect --> pause --> look for it
        ^ |                  |                                                           |
        | +--not seen--------+---failed--------------------------------------------------+
        +--------------------------------------------------------------------------------+

    conversation: encrypt, or pair at the first meeting --> subscribe
              --> ask: status, greeting, ReadFrom --> frames, one after the other
                   ^                                     |
                   +-- a hole: Stop, ask again ----------+
                   +-- the queue is full: Stop, wait ----+
                   +-- silence: ask; frames were due -> the link is dead, end it

Only the failures of a link are caught here; anything else is a bug and ends the task.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Unpack

from tracker.bands.arrivals import Arrival, Greeting
from tracker.bands.bonding import PAIR_S
from tracker.bands.inbox import Inbox
from tracker.bands.link_state import Changes, LinkState
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.patience import Patience
from tracker.bands.radio import RADIO_ERRORS, Connection, Radio, RefusedError
from tracker.bands.reader import Cursor, LogReader
from tracker.bands.stretchband import (
    ALERT_LEVEL_UUID,
    BATTERY_LEVEL_UUID,
    CONTROL_UUID,
    ERROR_MTU_TOO_SMALL,
    FIRMWARE_REVISION_UUID,
    HAPTIC_UUID,
    MOTION_UUID,
    SERVICE_UUID,
    STATUS_UUID,
    FrameError,
    Haptic,
    ReadFrom,
    Stop,
    decode_status,
    encode_control,
    encode_haptic,
)
from tracker.bands.trouble import (
    AT_IT,
    ENDINGS,
    NOT_SEEN,
    LinkFault,
    Trouble,
    mtu_too_small,
    not_heard,
    trouble_of,
)
from tracker.host_time import host_time

_log = logging.getLogger(__name__)

# Frames come about twice a second; their time alone is told no oftener than this.
REPORT_S: Final = 1.0
# How often the link looks whether a full queue has been half emptied; a queue does not tell.
ROOM_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the link is patient, in seconds.

    scan_s:    looking for the band at a time.
    connect_s: connecting, with learning its services; BlueZ gives up by itself after 20 to 25.
    request_s: one read or write. A band out of reach is noticed by its radio within 6.
    pair_s:    encrypting, with pairing where there is no bond yet.
    quiet_s:   no frame and the band is asked why. They come about twice a second.
    silence_s: no frame although some are due: the link is dead. A sleeper is asked this often.
    first_pause_s, longest_pause_s: after a failure; doubled with each in a row.
    """

    scan_s: float = 10.0
    connect_s: float = 30.0
    request_s: float = 8.0
    pair_s: float = PAIR_S
    quiet_s: float = 3.0
    silence_s: float = 10.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0


class BandLink:
    """Keeps one band connected and puts its frames into `arrivals`, each once and in order.

    cursor:    awaited once, before the first connect: the last frame stored. From then on the link
               knows by itself what it has delivered; the queue may hold more than is stored.
    arrivals:  bounded. While it is full the band is stopped; it keeps the frames.
    on_change: told of every change, from the task of `run`.
    """

    def __init__(
        self,
        band_id: str,
        address: str,
        radio: Radio,
        cursor: Callable[[], Awaitable[Cursor | None]],
        arrivals: asyncio.Queue[Arrival | Greeting],
        on_change: Callable[[LinkState], None],
        limits: Limits = Limits(),
    ) -> None:
        self.band_id = band_id
        self.address = address
        self.state = LinkState()
        self._radio = radio
        self._cursor = cursor
        self._arrivals = arrivals
        self._on_change = on_change
        self._limits = limits
        self._reader = LogReader()
        self._band: Connection | None = None
        self._connections = 0
        self._patience = Patience(limits.first_pause_s, limits.longest_pause_s)
        self._radio_worked = False
        self._heard_s = 0.0
        self._ask_s = 0.0
        self._frame_told_s = -math.inf

    async def run(self) -> None:
        """Hold the link for ever; to be called once. Ends by cancellation, or by a bug.

        Raises RadioUnavailable when there is no radio to begin with; one that is lost later is
        waited for.
        """
        self._reader.cursor = await self._cursor()
        with suppress(*RADIO_ERRORS):  # it is courtesy to a connection that may not be there
            await self._radio.release(self.address)
        while True:
            try:
                await self._meet()
            except ENDINGS as ending:
                if isinstance(ending, RadioUnavailable) and not self._radio_worked:
                    raise
                self._fail(trouble_of(self.band_id, ending))
            await self._pause()

    async def buzz(self, level: int) -> bool:
        """Immediate Alert: 0 none, 1 mild, 2 high. False when it did not get to the band."""
        if level not in (0, 1, 2):
            raise ValueError(f"alert level {level}: 0, 1 or 2")
        return await self._tell(ALERT_LEVEL_UUID, bytes([level]), response=False)

    async def haptic(self, pattern: Haptic) -> bool:
        """A pattern of pulses. False when it did not get to the band."""
        return await self._tell(HAPTIC_UUID, encode_haptic(pattern), response=True)

    async def _tell(self, uuid: str, data: bytes, *, response: bool) -> bool:
        if self._band is None:
            return False
        try:
            await self._band.write(uuid, data, response=response)
        except (RefusedError, *RADIO_ERRORS):
            return False
        return True

    # -- one connection after the other

    async def _meet(self) -> None:
        """One connection, from looking for the band to its end; how it ended is always raised."""
        limits = self._limits
        seen = await self._radio.find(self.address, limits.scan_s)
        self._radio_worked = True
        if seen is None:
            raise not_heard()
        self._report(rssi=seen.rssi)
        inbox = Inbox()
        band = await self._radio.connect(seen, inbox.on_gone, limits.connect_s, limits.request_s)
        try:
            await self._converse(band, inbox)
        finally:
            self._band = None
            await band.close()
            self._report(connected=False)

    async def _converse(self, band: Connection, inbox: Inbox) -> None:
        if not band.has_service(SERVICE_UUID):
            raise LinkFault(
                "not_a_stretchband", "is no stretchband; stretchband scan shows who is."
            )
        await band.secure(self._limits.pair_s)
        await self._introduce(band, inbox)
        await band.subscribe(MOTION_UUID, inbox.on_notification)
        due = await self._ask(band)
        await self._radio.prove(self.address)
        self._band = band
        self._connections += 1
        self._heard()
        self._report(connected=True, reconnects=self._connections - 1)
        if not due:
            self._is_well()
        while True:
            await inbox.wait(until_s=self._ask_s)
            await self._deliver(band, inbox)
            if inbox.gone:
                raise LinkFault("disconnected", "has disconnected.")
            if self._reader.hole:
                await self._ask_again(band, inbox)
            elif _now_s() >= self._ask_s:
                await self._ask_why_silent(band, inbox)

    async def _introduce(self, band: Connection, inbox: Inbox) -> None:
        """What is good to know, before the frames fill the link."""
        firmware = await _read_if_there(band, FIRMWARE_REVISION_UUID)
        battery = await _read_if_there(band, BATTERY_LEVEL_UUID)
        if battery is not None:
            inbox.on_battery(battery)
            self._count_no_battery(inbox)
            await band.subscribe(BATTERY_LEVEL_UUID, inbox.on_battery)
        self._report(
            firmware=None if firmware is None else firmware.decode("utf-8", "replace"),
            battery=inbox.battery,
        )

    async def _ask(self, band: Connection) -> int:
        """Ask for all after the last frame delivered; how many the band has of them."""
        try:
            status = decode_status(await band.read(STATUS_UUID))
        except FrameError as error:
            raise LinkFault("status", f"does not say how it is: {error}.") from error
        now = host_time()
        await self._arrivals.put(Greeting(status, now.wall_s, now.ahead_s))
        command = self._reader.begin(status)
        try:
            await band.write(CONTROL_UUID, encode_control(command))
        except RefusedError as error:
            if error.code != ERROR_MTU_TOO_SMALL:
                raise
            raise mtu_too_small() from error
        first = status.oldest_seq if command == ReadFrom(0, 0) else command.seq
        return status.head_seq - first

    async def _ask_again(self, band: Connection, inbox: Inbox) -> None:
        """A frame is missing: stop the band, let go what was on its way, and ask."""
        await band.write(CONTROL_UUID, encode_control(Stop()))
        inbox.clear()  # the answer came after all that was sent before it
        await self._ask(band)

    async def _ask_why_silent(self, band: Connection, inbox: Inbox) -> None:
        """A band that sleeps has nothing to send; if frames are due, the link is dead."""
        dead_s = self._heard_s + self._limits.silence_s
        self._ask_s = dead_s
        if not await self._ask(band):
            self._heard_s = _now_s()
            self._ask_s = self._heard_s + self._limits.silence_s
            self._is_well()
        elif _now_s() >= dead_s and not inbox.notifications:
            raise LinkFault("silent", "is connected, but its frames do not come.")

    async def _deliver(self, band: Connection, inbox: Inbox) -> None:
        """Pass on what came, up to the first frame that is missing."""
        frame_s = None
        while inbox.notifications and not self._reader.hole:
            if self._arrivals.full():
                await self._wait_for_room(band, inbox)
                continue
            data, came = inbox.notifications.popleft()
            frame = self._reader.receive(data)
            if frame is not None:
                self._arrivals.put_nowait(Arrival(frame, came.wall_s, came.ahead_s))
                frame_s = came.wall_s
        if inbox.overflows:
            self._reader.faults["overflow"] += inbox.overflows
            inbox.overflows = 0
            self._reader.hole = True
        if frame_s is not None:
            self._patience.is_well()
            self._heard()
        self._count_no_battery(inbox)
        self._report_frame(frame_s, inbox.battery)

    async def _wait_for_room(self, band: Connection, inbox: Inbox) -> None:
        """The queue is full: stop the band, which keeps the frames, until it is half empty."""
        await band.write(CONTROL_UUID, encode_control(Stop()))
        while self._arrivals.qsize() > self._arrivals.maxsize // 2:  # noqa: ASYNC110 - see ROOM_S
            await asyncio.sleep(ROOM_S)
        inbox.clear()
        self._reader.hole = True

    def _heard(self) -> None:
        """The link lives."""
        self._heard_s = _now_s()
        self._ask_s = self._heard_s + min(self._limits.quiet_s, self._limits.silence_s)

    # -- what is told of it

    def _count_no_battery(self, inbox: Inbox) -> None:
        error, inbox.no_battery = inbox.no_battery, None
        if error is not None:
            self._reader.faults[error.fault] += 1
            if self._reader.faults[error.fault] == 1:
                _log.warning("%s tells %s, which is none: it is not shown.", self.band_id, error)

    def _report_frame(self, frame_s: float | None, battery: int | None) -> None:
        is_due = self.state.trouble is not None or _now_s() >= self._frame_told_s + REPORT_S
        if frame_s is not None and is_due:
            self._frame_told_s = _now_s()
            self._report(battery=battery, last_frame_s=frame_s, trouble=None)
        else:
            self._report(battery=battery)

    def _is_well(self) -> None:
        self._patience.is_well()
        self._report(trouble=None)

    def _fail(self, trouble: Trouble) -> None:
        self._reader.faults[trouble.fault] += 1
        if self._patience.needs_person and trouble.fault in AT_IT:
            self._report()
            return
        if trouble.fault != NOT_SEEN:
            self._patience.failed(needs_person=trouble.needs_person)
        self._report(trouble=trouble.sentence)

    def _report(self, **changes: Unpack[Changes]) -> None:
        state = replace(self.state, faults=Counter(self._reader.faults), **changes)
        if state != self.state:
            self.state = state
            self._on_change(state)

    async def _pause(self) -> None:
        """Before the next try; a bond that a person makes ends it."""
        pause_s = self._patience.pause_s()
        if not self._patience.needs_person:
            await asyncio.sleep(pause_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._radio.until_bonded(self.address)


async def _read_if_there(band: Connection, uuid: str) -> bytes | None:
    if not band.has_characteristic(uuid):
        return None
    try:
        return await band.read(uuid)
    except RefusedError:  # it is there and not to be read: nice to know, no need
        return None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
