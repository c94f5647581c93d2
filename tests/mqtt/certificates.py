"""A certificate authority for one test, and what it signs."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """Signs certificates and writes them as PEM into a folder."""

    def __init__(self, folder: Path, name: str, days: float = 1) -> None:
        self._folder = folder
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        own = self._builder(name, self._key.public_key(), days).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file = self._write(f"{name}.crt", own)

    def _builder(
        self, name: str, key: ec.EllipticCurvePublicKey, days: float
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self._name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=max(0.0, -2 * days), hours=1))
            .not_valid_after(now + timedelta(days=days))
        )

    def _write(self, name: str, certificate: x509.CertificateBuilder) -> str:
        path = self._folder / name
        signed = certificate.sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def issue(self, name: str, address: str, days: float = 1) -> tuple[str, str]:
        """Files of a certificate for an IP address, which ends in so many days, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._builder(name, key.public_key(), days).add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False,
        )
        key_path = self._folder / f"{name}.key"
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return self._write(f"{name}-by-{self._name}.crt", certificate), str(key_path)
