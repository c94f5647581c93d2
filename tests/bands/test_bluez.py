"""Bonding through BlueZ: its side played on a real D-Bus, agent and all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.bands.test_system_radio import system_bus
from tracker.bands.bonding import BondLostError, PairingRefusedError

if sys.platform != "linux":
    pytest.skip("BlueZ and D-Bus are Linux's", allow_module_level=True)

from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakError
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tracker.bands import bluez
from tracker.bands.bluez_radio import BlueZRadio
from tracker.bands.radio import Seen

ADAPTER = "/org/bluez/hci0"
BAND = f"{ADAPTER}/dev_F0_F1_F2_F3_F4_01"
STRANGER = f"{ADAPTER}/dev_F0_F1_F2_F3_F4_99"
CONFIRM = ("RequestConfirmation", "ou", [BAND, 123456])
AUTHORIZE = ("RequestAuthorization", "o", [BAND])


@dataclass
class FakeBlueZ:
    """Answers as BlueZ does. asks: what it asks the agent while it pairs.

    pair_error: how Pair ends; None when the agent has said yes to all.
    """

    bus: MessageBus
    paired: bool = False
    asks: list[tuple[str, str, list[object]]] = field(default_factory=lambda: [CONFIRM])
    pair_error: str | None = None
    pair_never_ends: bool = False
    get_error: str | None = None
    agents: dict[str, tuple[str, str]] = field(default_factory=dict)
    answers: list[str | None] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def handle(self, message: Message) -> bool:
        """Whether it is for us; the answer comes by itself."""
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        answering = asyncio.ensure_future(self._answer(message))
        answering.add_done_callback(lambda done: done.result())
        return True

    async def _answer(self, message: Message) -> None:
        sender = message.sender or ""
        self.calls.append(message.member or "")
        reply = Message.new_method_return(message)
        match message.member:
            case "Get" if self.get_error is not None:
                reply = Message.new_error(message, self.get_error, "said BlueZ")
            case "Get":
                reply = Message.new_method_return(message, "v", [Variant("b", self.paired)])
            case "RegisterAgent":
                path, capability = message.body
                self.agents[sender] = (path, capability)
            case "UnregisterAgent":
                del self.agents[sender]
            case "RemoveDevice":
                self.paired = False
            case "Pair":
                error = await self._pair(sender)
                if error is not None:
                    reply = Message.new_error(message, error, "said BlueZ")
        await self.bus.send(reply)

    async def _pair(self, sender: str) -> str | None:
        """As BlueZ: the agent of whoever asks is the one that is asked."""
        if self.pair_never_ends:
            await asyncio.Event().wait()
        if self.pair_error is not None:
            return self.pair_error
        path, _ = self.agents[sender]
        for member, signature, body in self.asks:
            answer = await self.bus.call(
                Message(
                    destination=sender,
                    path=path,
                    interface="org.bluez.Agent1",
                    member=member,
                    signature=signature,
                    body=body,
                )
            )
            self.answers.append(answer.error_name)
        if any(self.answers):
            return "org.bluez.Error.AuthenticationFailed"
        self.paired = True
        return None


@asynccontextmanager
async def fake_bluez(
    where: Path, monkeypatch: pytest.MonkeyPatch, **how: object
) -> AsyncIterator[FakeBlueZ]:
    async with system_bus(where, monkeypatch) as address:
        bus = await MessageBus(bus_address=address).connect()
        fake = FakeBlueZ(bus, **how)  # type: ignore[arg-type]  # its fields by name
        bus.add_message_handler(fake.handle)
        await bus.request_name("org.bluez")
        try:
            yield fake
        finally:
            bus.disconnect()


@pytest.mark.parametrize("question", [CONFIRM, AUTHORIZE], ids=["confirmation", "authorization"])
async def test_the_agent_says_yes_for_the_band_and_goes(
    question: tuple[str, str, list[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, asks=[question]) as fake:
        await bluez.pair(BAND)
        assert fake.answers == [None]
        assert fake.paired
        assert not fake.agents
        assert "RequestDefaultAgent" not in fake.calls, "the desktop's agent is left alone"


async def test_the_agent_can_show_and_ask_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capabilities: list[str] = []

    class Looking(FakeBlueZ):
        async def _pair(self, sender: str) -> str | None:
            capabilities.append(self.agents[sender][1])
            return await super()._pair(sender)

    monkeypatch.setattr("tests.bands.test_bluez.FakeBlueZ", Looking)
    async with fake_bluez(tmp_path, monkeypatch):
        await bluez.pair(BAND)
    assert capabilities == ["NoInputNoOutput"]


@pytest.mark.parametrize(
    "question",
    [
        ("RequestConfirmation", "ou", [STRANGER, 1]),
        ("RequestAuthorization", "o", [STRANGER]),
        ("AuthorizeService", "os", [STRANGER, "1812"]),
        ("AuthorizeService", "os", [BAND, "00001812-0000-1000-8000-00805f9b34fb"]),
        ("RequestPinCode", "o", [BAND]),
        ("RequestPasskey", "o", [BAND]),
        ("DisplayPinCode", "os", [BAND, "0000"]),
        ("DisplayPasskey", "ouq", [BAND, 1, 0]),
    ],
)
async def test_the_agent_says_no_to_everything_else(
    question: tuple[str, str, list[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, asks=[question]) as fake:
        with pytest.raises(PairingRefusedError):
            await bluez.pair(BAND)
        assert fake.answers == ["org.bluez.Error.Rejected"]
        assert not fake.agents


async def test_a_band_that_blueZ_knows_is_not_paired_again(  # noqa: N802 - its name
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, paired=True) as fake:
        assert await bluez.is_bonded(BAND)
        await bluez.pair(BAND)
        assert set(fake.calls) == {"Get"}


async def test_a_band_that_blueZ_has_forgotten_has_no_bond(  # noqa: N802 - its name
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, paired=True) as fake:
        fake.get_error = "org.freedesktop.DBus.Error.UnknownObject"
        assert not await bluez.is_bonded(BAND)
        fake.get_error = "org.freedesktop.DBus.Error.NoReply"
        with pytest.raises(BleakDBusError):
            await bluez.is_bonded(BAND)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("org.bluez.Error.AuthenticationFailed", PairingRefusedError),
        ("org.bluez.Error.AuthenticationRejected", PairingRefusedError),
        ("org.bluez.Error.AuthenticationCanceled", BleakDBusError),
        ("org.bluez.Error.ConnectionAttemptFailed", BleakDBusError),
    ],
)
async def test_a_refusal_is_told_from_a_failure(
    name: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, pair_error=name) as fake:
        with pytest.raises(error):
            await bluez.pair(BAND)
        assert not fake.agents


async def test_a_pairing_that_never_ends_leaves_no_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, pair_never_ends=True) as fake:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await bluez.pair(BAND)
        assert "RegisterAgent" in fake.calls
        assert not fake.agents


async def test_forgetting_is_asked_of_the_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, paired=True) as fake:
        await bluez.forget(ADAPTER, BAND)
        assert fake.calls == ["RemoveDevice"]


@pytest.mark.parametrize(
    ("path", "reason", "refused"),
    [
        (BAND, "org.bluez.Reason.Authentication", True),
        (BAND, "org.bluez.Reason.Timeout", False),
        (STRANGER, "org.bluez.Reason.Authentication", False),
    ],
)
async def test_a_key_that_the_band_refuses_is_heard_of(
    path: str,
    reason: str,
    refused: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with fake_bluez(tmp_path, monkeypatch) as fake, bluez.watch_keys(BAND) as key_was_refused:
        said = Message.new_signal(path, bluez.DEVICE, "Disconnected", "ss", [reason, "why"])
        await fake.bus.send(said)
        await bluez.is_bonded(BAND)  # its answer comes on another connection, but after
        assert await settled(key_was_refused, refused) is refused


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ([("Connected", True), ("Connected", False)] * 4, True),
        ([("Connected", True), ("Connected", False)] * 3, False),
        ([("Connected", True), ("ServicesResolved", True), ("Connected", False)] * 4, False),
    ],
    ids=["time and again", "now and then", "in use before"],
)
async def test_connections_that_are_cut_one_after_the_other_are_a_refused_key(
    changes: list[tuple[str, bool]], refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As BlueZ 5.82 was seen to do with a band that had lost its bond: it does not say why."""
    interface, member = "org.freedesktop.DBus.Properties", "PropertiesChanged"
    async with fake_bluez(tmp_path, monkeypatch) as fake, bluez.watch_keys(BAND) as key_was_refused:
        for name, value in changes:
            body = [bluez.DEVICE, {name: Variant("b", value)}, []]
            await fake.bus.send(Message.new_signal(BAND, interface, member, "sa{sv}as", body))
        await bluez.is_bonded(BAND)
        assert await settled(key_was_refused, refused) is refused


@pytest.mark.parametrize(
    ("path", "interface", "changed", "woken"),
    [
        (BAND, bluez.DEVICE, {"Paired": True}, True),
        (BAND, bluez.DEVICE, {"Paired": False}, False),
        (BAND, bluez.DEVICE, {"Connected": True}, False),
        (STRANGER, bluez.DEVICE, {"Paired": True}, False),
        (BAND, "org.bluez.Battery1", {"Paired": True}, False),
    ],
)
async def test_a_bond_that_another_program_makes_ends_the_wait_for_one(
    path: str,
    interface: str,
    changed: dict[str, bool],
    woken: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with fake_bluez(tmp_path, monkeypatch) as fake:
        listening = asyncio.Event()
        listen = bluez._listen

        async def listens(*what: object) -> None:
            await listen(*what)  # type: ignore[arg-type]  # as they came
            listening.set()

        monkeypatch.setattr(bluez, "_listen", listens)
        waiting = asyncio.create_task(BlueZRadio().until_bonded("f0:f1:f2:f3:f4:01"))
        await listening.wait()
        body = [interface, {name: Variant("b", value) for name, value in changed.items()}, []]
        said = Message.new_signal(path, bluez.PROPERTIES, "PropertiesChanged", "sa{sv}as", body)
        await fake.bus.send(said)
        await bluez.is_bonded(BAND)
        assert await settled(waiting.done, woken) is woken
        waiting.cancel()


async def test_without_a_bus_nothing_ends_the_wait_for_a_bond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await BlueZRadio().until_bonded("F0:F1:F2:F3:F4:01")


async def settled(condition: Callable[[], bool], expected: bool) -> bool:
    """What it is, given a moment to become what it should be."""
    for _ in range(50):
        if condition() is expected and expected:
            break
        await asyncio.sleep(0.002)
    return condition()


# -- the radio on it


@pytest.mark.parametrize(
    ("paired", "reason", "error"),
    [
        (True, "org.bluez.Reason.Authentication", BondLostError),
        (True, "org.bluez.Reason.Timeout", BleakError),
        (False, "org.bluez.Reason.Authentication", BleakError),
    ],
)
async def test_a_connect_that_ends_by_a_refused_key_is_a_lost_bond(
    paired: bool,
    reason: str,
    error: type[Exception],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with fake_bluez(tmp_path, monkeypatch, paired=paired) as fake:

        async def connect(*_args: object, **_options: object) -> None:
            said = Message.new_signal(BAND, bluez.DEVICE, "Disconnected", "ss", [reason, "why"])
            await fake.bus.send(said)
            await bluez.is_bonded(BAND)
            raise BleakError("br-connection-canceled")

        monkeypatch.setattr("tracker.bands.radio.establish_connection", connect)
        with pytest.raises(error) as told:
            await BlueZRadio().connect(seen(), lambda: None, 5.0, 1.0)
        assert isinstance(told.value, BondLostError) is (error is BondLostError)


async def test_the_radio_knows_pairs_and_forgets_by_the_path_that_bleak_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connects_at_once(monkeypatch)
    async with fake_bluez(tmp_path, monkeypatch) as fake:
        radio = BlueZRadio()
        assert not await radio.knows(seen())
        band = await radio.connect(seen(), lambda: None, 5.0, 1.0)
        await band.secure(5.0)
        assert await radio.knows(seen())
        await radio.forget(seen())
        assert not await radio.knows(seen())
        assert fake.calls[-2:] == ["RemoveDevice", "Get"]


async def test_pairing_has_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connects_at_once(monkeypatch)
    async with fake_bluez(tmp_path, monkeypatch, pair_never_ends=True) as fake:
        band = await BlueZRadio().connect(seen(), lambda: None, 5.0, 1.0)
        with pytest.raises(TimeoutError):
            await band.secure(0.3)
        assert not fake.agents


def connects_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """bleak's part needs a whole GATT of BlueZ's; nothing is asked of it here."""

    async def connect(*_args: object, **_options: object) -> object:
        return object()

    monkeypatch.setattr("tracker.bands.radio.establish_connection", connect)


def seen() -> Seen:
    device = BLEDevice("F0:F1:F2:F3:F4:01", "stretch", {"path": BAND, "props": {}})
    return Seen(device.address, device.name, -50, is_stretchband=True, device=device)
