"""Pairing as the band does it: Bumble's SMP, held to Secure Connections, bonding and the button."""

from __future__ import annotations

import asyncio

from bumble import smp
from bumble.device import Device
from bumble.keys import KeyStore, PairingKeys
from bumble.pairing import PairingConfig, PairingDelegate

from firmware_sim.bonds import Bond, Bonds

KEY_BYTES = 16  # a shorter key can be found by trying (KNOB, CVE-2019-9506)


def secure(device: Device, bonds: Bonds) -> None:
    """Let this device pair only as the bonds allow, and keep its keys there."""
    config = PairingConfig(
        sc=True,
        mitm=False,  # Just Works: without a screen or keys nothing can be compared
        bonding=True,
        delegate=_Doorkeeper(bonds),
        identity_address_type=PairingConfig.AddressType.RANDOM,
    )
    device.keystore = _Keys(bonds)
    device.smp_session_proxy = _Session
    device.pairing_config_factory = lambda _connection: config


class _Doorkeeper(PairingDelegate):
    """Refuses with "pairing not supported", as whoever is not bondable has to."""

    def __init__(self, bonds: Bonds) -> None:
        # The band's address never changes, so it has no identity to tell; the central may have one.
        super().__init__(
            local_responder_key_distribution=PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
        )
        self._bonds = bonds

    async def accept(self) -> bool:
        return self._bonds.may_pair(asyncio.get_running_loop().time())


class _Keys(KeyStore):
    """The bonds, as Bumble looks keys up."""

    def __init__(self, bonds: Bonds) -> None:
        self._bonds = bonds

    async def get(self, name: str) -> PairingKeys | None:
        bond = self._bonds.bond_of(name)
        return None if bond is None else _keys(bond)

    async def get_all(self) -> list[tuple[str, PairingKeys]]:
        return [(bond.peer, _keys(bond)) for bond in self._bonds]

    async def update(self, name: str, keys: PairingKeys) -> None:
        if keys.ltk is not None:
            irk = b"" if keys.irk is None else keys.irk.value
            self._bonds.paired(Bond(name, keys.ltk.value, irk))


def _keys(bond: Bond) -> PairingKeys:
    keys = PairingKeys(ltk=PairingKeys.Key(bond.ltk))
    if bond.irk:
        keys.irk = PairingKeys.Key(bond.irk)
    return keys


class _Session(smp.Session):
    """One pairing, in its order. Bumble's own takes what is older, shorter or kept by nobody; and
    it hands out its key to who leaves out the request, by which nobody is refused, or the proof.
    """

    _let_in = False
    _proven = False

    def on_smp_command(self, command: smp.SMP_Command) -> None:
        """First a request, and only one."""
        if isinstance(command, smp.SMP_Pairing_Request_Command) != self._let_in:
            super().on_smp_command(command)
        else:
            self.send_pairing_failed(smp.ErrorCode.UNSPECIFIED_REASON)

    async def on_smp_pairing_request_command_async(
        self, command: smp.SMP_Pairing_Request_Command
    ) -> None:
        """Let in, or not."""
        refusal = _what_it_lacks(command)
        if refusal is not None:
            self.send_pairing_failed(refusal)
            return
        await super().on_smp_pairing_request_command_async(command)
        self._let_in = not self.completed

    def on_smp_pairing_public_key_command(
        self, command: smp.SMP_Pairing_Public_Key_Command
    ) -> None:
        """A point that is not on the curve ends it (CVE-2018-5383)."""
        try:
            super().on_smp_pairing_public_key_command(command)
        except ValueError:
            self.send_pairing_failed(smp.ErrorCode.DHKEY_CHECK_FAILED)

    def on_smp_pairing_dhkey_check_command(
        self, command: smp.SMP_Pairing_DHKey_Check_Command
    ) -> None:
        """The proof that both have the same secret."""
        super().on_smp_pairing_dhkey_check_command(command)
        self._proven = not self.completed

    def get_long_term_key(self, rand: bytes, ediv: int) -> bytes | None:
        """The key, once it is proven."""
        return super().get_long_term_key(rand, ediv) if self._proven else None

    async def on_pairing(self) -> None:
        """Done; a second pairing on the same connection is a new session."""
        await super().on_pairing()
        self.manager.on_session_end(self)

    def on_pairing_failure(self, reason: smp.ErrorCode) -> None:
        """Failed; the next try is a new session too."""
        super().on_pairing_failure(reason)
        self.manager.on_session_end(self)


def _what_it_lacks(command: smp.SMP_Pairing_Request_Command) -> smp.ErrorCode | None:
    needed = smp.AuthReq.SC | smp.AuthReq.BONDING
    if command.auth_req & needed != needed:
        return smp.ErrorCode.AUTHENTICATION_REQUIREMENTS
    if command.maximum_encryption_key_size < KEY_BYTES:
        return smp.ErrorCode.ENCRYPTION_KEY_SIZE
    if command.oob_data_flag:
        return smp.ErrorCode.OOB_NOT_AVAILABLE
    return None
