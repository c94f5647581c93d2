"""Which broker, as whom, and over which TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from tracker.errors import StretchbandError


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """How the broker is reached.

    password:    never shown, not even by repr.
    ca_file:     whom to trust; naming it, or a client certificate, turns TLS on.
    tls:         TLS with the certificates that the system trusts.
    client_id:   the same at every start, so that a stale connection's last will cannot speak over
                 the new one: the broker ends the old one first.
    keepalive_s: a broker that froze is noticed within twice this time plus a second.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    base_topic: str = "stretchband"
    client_id: str = "stretchband"
    keepalive_s: int = 6
    tls: bool = False

    @property
    def encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.tls or self.ca_file is not None or self.cert_file is not None

    @property
    def where(self) -> str:
        """The broker's address in a sentence."""
        return f"{self.host}:{self.port}"


class _Socket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho drops it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - ssl's signature
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def check(settings: MqttSettings) -> None:
    """Raise StretchbandError for files that can never work: to be said before anything runs.

    They are a key without its certificate, and any file that cannot be read.
    """
    _check_pair(settings)
    for key in ("ca_file", "cert_file", "key_file"):
        file = getattr(settings, key)
        if file is not None:
            try:
                with Path(file).open("rb"):
                    pass
            except (OSError, ValueError) as error:
                raise _unusable(key, file, error) from None


def _check_pair(settings: MqttSettings) -> None:
    if settings.key_file is not None and settings.cert_file is None:
        raise StretchbandError(
            f"mqtt.key_file: {settings.key_file} is of no use without mqtt.cert_file, "
            "the certificate that it belongs to"
        )


def tls_context(settings: MqttSettings) -> ssl.SSLContext | None:
    """The TLS to use, None for none. Reads files: a renewed certificate counts at the next connect.

    Raises StretchbandError naming the key and the file that cannot be used.
    """
    _check_pair(settings)
    if not settings.encrypted:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ValueError) as error:
        raise _unusable("ca_file", settings.ca_file, error) from None
    context.sslsocket_class = _Socket
    if settings.cert_file is not None:
        try:
            # An empty password instead of none: OpenSSL would ask for it at the terminal and wait.
            context.load_cert_chain(settings.cert_file, settings.key_file, password="")
        except (OSError, ValueError) as error:
            key = "cert_file" if settings.key_file is None else "cert_file and mqtt.key_file"
            files = " and ".join(f for f in (settings.cert_file, settings.key_file) if f)
            raise _unusable(key, files, error) from None
    return context


def _unusable(key: str, file: str | None, error: OSError | ValueError) -> StretchbandError:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return StretchbandError(f"mqtt.{key}: {file} cannot be used: {reason}")
