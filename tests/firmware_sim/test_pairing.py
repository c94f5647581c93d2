"""Nobody but its owner reads, steers or buzzes the band: real SMP, and a second central."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from bumble import hci, smp
from bumble.att import (
    ATT_INSUFFICIENT_ENCRYPTION_ERROR,
    ATT_Error,
    ATT_Error_Response,
    ATT_Execute_Write_Request,
    ATT_Prepare_Write_Request,
)
from bumble.core import ProtocolError
from bumble.device import Connection
from bumble.keys import PairingKeys
from bumble.pairing import PairingConfig, PairingDelegate

from firmware_sim.air import Air
from firmware_sim.band import PlayedBand, make_firmware, virtual_band
from firmware_sim.gatt import ADDRESS as BAND
from tests.firmware_sim.central import PATIENCE_S, Central, Talk, central_on, seqs, take
from tests.firmware_sim.test_firmware import steady
from tracker.bands.stretchband import (
    ALERT_LEVEL_UUID,
    BATTERY_LEVEL_UUID,
    FIRMWARE_REVISION_UUID,
    HAPTIC_UUID,
    MOTION_UUID,
    STATUS_UUID,
)

STRANGER = "F0:F1:F2:F3:F4:99"
OWNER = "F0:F1:F2:F3:F4:00"
REFUSED = smp.ErrorCode.PAIRING_NOT_SUPPORTED


@dataclass
class Two:
    """A band with two seconds in its ring, its owner, who has gone, and a stranger."""

    air: Air
    band: PlayedBand
    owner: Central
    stranger: Central

    async def owner_reads(self) -> None:
        """The bond is as it was: without pairing, all of the log."""
        talk = await self.owner.connect()
        assert seqs(await take(await talk.stream(), 4)) == [0, 1, 2, 3]
        await talk.connection.disconnect()


@asynccontextmanager
async def owned() -> AsyncIterator[Two]:
    air = Air()
    async with (
        virtual_band(make_firmware(steady(60.0)), air) as band,
        central_on(air, OWNER) as owner,
        central_on(air, STRANGER) as stranger,
    ):
        band.firmware.advance(2.01)
        two = Two(air, band, owner, stranger)
        await two.owner_reads()
        assert band.gatt.bonds.bonded.owner is not None
        yield two


async def refusal_of_pairing(talk: Talk) -> int | None:
    with pytest.raises(ProtocolError) as refused:
        await asyncio.wait_for(talk.connection.pair(), PATIENCE_S)
    return refused.value.error_code


# -- what asks for encryption


WHAT_IS_THE_OWNERS: dict[str, Callable[[Talk], object]] = {
    "read the status": lambda talk: talk.read(STATUS_UUID),
    "subscribe to the motion": lambda talk: talk.subscribe(MOTION_UUID),
    "ask for frames": lambda talk: talk.ask(),
    "stop the frames": lambda talk: talk.stop(),
    "buzz by a pattern": lambda talk: talk.write(HAPTIC_UUID, bytes.fromhex("020f0a")),
    "buzz by an answered alert": lambda talk: talk.write(ALERT_LEVEL_UUID, b"\2"),
}


@pytest.mark.parametrize("what", WHAT_IS_THE_OWNERS)
@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_stranger_cannot(what: str, encrypted: bool) -> None:
    async with owned() as two:
        talk = await two.stranger.connect(bond=False)
        if encrypted:  # tried, with a key of its own making
            await lay_claim(two.stranger)
            with pytest.raises((ProtocolError, asyncio.CancelledError)):
                await talk.connection.encrypt()
        with pytest.raises(ATT_Error) as refused:
            await WHAT_IS_THE_OWNERS[what](talk)  # type: ignore[misc]  # all are awaitable
        assert refused.value.error_code == ATT_INSUFFICIENT_ENCRYPTION_ERROR
        assert not two.band.firmware.buzzes
        await talk.connection.disconnect()
        await two.owner_reads()


async def lay_claim(central: Central) -> None:
    """To a bond that there is not."""
    assert central.device.keystore is not None
    await central.device.keystore.update(BAND, PairingKeys(ltk=PairingKeys.Key(bytes(16))))


async def test_a_strangers_alert_without_an_answer_is_not_felt() -> None:
    async with owned() as two:
        talk = await two.stranger.connect(bond=False)
        await talk.write(ALERT_LEVEL_UUID, b"\2", response=False)
        await talk.read(BATTERY_LEVEL_UUID)  # its answer comes after
        assert not two.band.firmware.buzzes


async def test_a_write_in_pieces_is_no_way_round() -> None:
    async with owned() as two:
        talk = await two.stranger.connect(bond=False)
        for request in (
            ATT_Prepare_Write_Request(
                attribute_handle=talk.characteristic(HAPTIC_UUID).handle,
                value_offset=0,
                part_attribute_value=bytes.fromhex("020f0a"),
            ),
            ATT_Execute_Write_Request(flags=1),
        ):
            answer = await talk.peer.gatt_client.send_request(request)
        assert isinstance(answer, ATT_Error_Response)
        assert answer.error_code == ATT_INSUFFICIENT_ENCRYPTION_ERROR
        assert not two.band.firmware.buzzes


async def test_the_battery_and_the_names_are_open() -> None:
    async with owned() as two:
        talk = await two.stranger.connect(bond=False)
        assert await talk.read(BATTERY_LEVEL_UUID) == bytes([96])
        assert await talk.read(FIRMWARE_REVISION_UUID) == b"1.0.0"


async def test_a_central_that_subscribed_before_it_lost_its_bond_hears_no_more() -> None:
    async with owned() as two:
        talk = await two.owner.connect()
        queue = await talk.stream()
        await take(queue, 4)
        await talk.connection.disconnect()
        two.band.gatt.bonds.forget()
        again = await two.owner.connect(bond=False)
        two.band.firmware.advance(4.01)
        await two.band.gatt.publish()
        await again.read(BATTERY_LEVEL_UUID)
        assert queue.empty()


# -- pairing


async def test_the_first_one_pairs_and_nobody_after() -> None:
    async with owned() as two:
        talk = await two.stranger.connect(bond=False)
        assert await refusal_of_pairing(talk) == REFUSED
        assert await refusal_of_pairing(talk) == REFUSED  # asking again does not help
        await talk.connection.disconnect()
        await two.owner_reads()


async def test_the_owners_address_alone_opens_nothing() -> None:
    async with owned() as two, central_on(two.air, OWNER) as thief:
        talk = await thief.connect(bond=False)
        assert await refusal_of_pairing(talk) == REFUSED
        await lay_claim(thief)
        encrypting = asyncio.ensure_future(talk.connection.encrypt())
        reason = await asyncio.wait_for(talk.lost, PATIENCE_S)
        assert reason == hci.HCI_CONNECTION_TERMINATED_DUE_TO_MIC_FAILURE_ERROR
        await asyncio.wait({encrypting})
        assert encrypting.cancelled() or encrypting.exception() is not None
        await two.owner_reads()


async def test_the_button_lets_another_in_and_then_the_first_one_out() -> None:
    async with owned() as two:
        two.band.gatt.press_button()
        talk = await two.stranger.connect()
        assert (await talk.status()).head_seq == 4
        await talk.connection.disconnect()
        await two.owner_reads()  # the other has not asked for anything yet
        talk = await two.stranger.connect()
        await talk.ask()
        await talk.connection.disconnect()
        talk = await two.owner.connect(bond=False)
        with pytest.raises(ProtocolError) as refused:
            await talk.connection.encrypt()
        assert refused.value.error_code == hci.HCI_PIN_OR_KEY_MISSING_ERROR
        assert await refusal_of_pairing(talk) == REFUSED


async def test_the_button_helps_on_the_same_connection() -> None:
    async with owned() as two:
        talk = await two.stranger.connect(bond=False)
        assert await refusal_of_pairing(talk) == REFUSED
        two.band.gatt.press_button()
        await talk.bond()
        assert seqs(await take(await talk.stream(), 4)) == [0, 1, 2, 3]


async def test_the_button_is_forgotten_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_sim.bonds.PAIRABLE_S", -1.0)
    async with owned() as two:
        two.band.gatt.press_button()
        assert await refusal_of_pairing(await two.stranger.connect(bond=False)) == REFUSED


async def test_a_central_killed_before_it_kept_its_key_pairs_again() -> None:
    air = Air()
    async with virtual_band(make_firmware(steady(60.0)), air) as band:
        band.firmware.advance(2.01)
        for _ in range(2):
            async with central_on(air, OWNER) as forgetful:
                await forgetful.connect()
        async with central_on(air, OWNER) as at_last:
            talk = await at_last.connect()
            assert seqs(await take(await talk.stream(), 4)) == [0, 1, 2, 3]


# -- what Bumble would take


def paired_by(central: Central, config: PairingConfig) -> None:
    central.device.pairing_config_factory = lambda _connection: config


@pytest.mark.parametrize(
    ("config", "code"),
    [
        (PairingConfig(sc=False, mitm=False), smp.ErrorCode.AUTHENTICATION_REQUIREMENTS),
        (PairingConfig(mitm=False, bonding=False), smp.ErrorCode.AUTHENTICATION_REQUIREMENTS),
        (
            PairingConfig(mitm=False, delegate=PairingDelegate(maximum_encryption_key_size=7)),
            smp.ErrorCode.ENCRYPTION_KEY_SIZE,
        ),
    ],
    ids=["legacy pairing", "a key that nobody keeps", "a short key"],
)
async def test_a_new_band_does_not_take(config: PairingConfig, code: smp.ErrorCode) -> None:
    air = Air()
    async with (
        virtual_band(make_firmware(steady(60.0)), air) as band,
        central_on(air) as central,
    ):
        paired_by(central, config)
        talk = await central.connect(bond=False)
        assert await refusal_of_pairing(talk) == code
        assert not list(band.gatt.bonds)


async def test_who_leaves_out_the_request_gets_no_key() -> None:
    """A session in which all but the request is right: Bumble's band would encrypt with its key."""
    async with owned() as two:
        talk = await two.stranger.connect(bond=False)
        said: list[smp.SMP_Command] = []

        def hear(connection: Connection, pdu: bytes) -> None:
            said.append(smp.SMP_Command.from_bytes(pdu))

        two.stranger.device.smp_manager.on_smp_pdu = hear  # type: ignore[method-assign]
        key = two.stranger.device.smp_manager.ecc_key
        for command in (
            smp.SMP_Pairing_Public_Key_Command(public_key_x=key.x[::-1], public_key_y=key.y[::-1]),
            smp.SMP_Pairing_Random_Command(random_value=bytes(16)),
            smp.SMP_Pairing_DHKey_Check_Command(dhkey_check=bytes(16)),
        ):
            talk.connection.send_l2cap_pdu(smp.SMP_CID, bytes(command))
        await talk.read(BATTERY_LEVEL_UUID)
        assert said
        assert all(isinstance(one, smp.SMP_Pairing_Failed_Command) for one in said)
        await lay_claim(two.stranger)
        with pytest.raises(ProtocolError) as refused:
            await talk.connection.encrypt()
        assert refused.value.error_code == hci.HCI_PIN_OR_KEY_MISSING_ERROR
        assert [bond.peer for bond in two.band.gatt.bonds] == [OWNER]


async def test_a_point_that_is_not_on_the_curve_ends_the_pairing() -> None:
    air = Air()
    async with (
        virtual_band(make_firmware(steady(60.0)), air) as band,
        central_on(air) as central,
    ):
        talk = await central.connect(bond=False)
        manager = central.device.smp_manager
        send = manager.send_command

        def off_the_curve(connection: object, command: smp.SMP_Command) -> None:
            if isinstance(command, smp.SMP_Pairing_Public_Key_Command):
                command = smp.SMP_Pairing_Public_Key_Command(
                    public_key_x=command.public_key_x, public_key_y=bytes(32)
                )
            send(connection, command)  # type: ignore[arg-type]  # as it came

        manager.send_command = off_the_curve  # type: ignore[method-assign]
        assert await refusal_of_pairing(talk) == smp.ErrorCode.DHKEY_CHECK_FAILED
        assert not list(band.gatt.bonds)


# -- staying is not a way in


async def test_who_does_not_encrypt_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async with owned() as two:
        with monkeypatch.context() as short:
            short.setattr("firmware_sim.gatt.ENCRYPT_WITHIN_S", 0.05)
            connection = await two.stranger.device.connect_le(hci.Address(BAND))
        await asyncio.wait_for(Talk(connection).lost, PATIENCE_S)
        await two.owner_reads()


async def test_who_has_encrypted_may_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    async with owned() as two:
        with monkeypatch.context() as short:
            short.setattr("firmware_sim.gatt.ENCRYPT_WITHIN_S", 0.2)
            connection = await two.owner.device.connect_le(hci.Address(BAND))
        await connection.encrypt()
        talk = Talk(connection)
        await asyncio.wait({talk.lost}, timeout=0.4)
        assert not talk.lost.done()
