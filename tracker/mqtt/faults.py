"""Why there is no connection, in one sentence for the person who can mend it. Never the secret."""

from __future__ import annotations

import socket
import ssl

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.reasoncodes import ReasonCode

from tracker.errors import StretchbandError
from tracker.mqtt.connection import NoConnackError
from tracker.mqtt.settings import MqttSettings

UNSUPPORTED_PROTOCOL = 0x84
_BAD_LOGIN = (0x86, 0x87)


def asks_for_older_protocol(error: BaseException) -> bool:
    """Whether the broker refuses because it does not speak MQTT 5."""
    code = error.rc if isinstance(error, MqttConnectError) else None
    return isinstance(code, ReasonCode) and code.value == UNSUPPORTED_PROTOCOL


def sentence(error: BaseException, settings: MqttSettings) -> str:
    """What is wrong and what to look at."""
    # aiomqtt keeps the system's error as the context, or the way a connection ended as the cause.
    for one in (error, error.__cause__, error.__context__):
        match one:
            case StretchbandError():
                return str(one)
            case NoConnackError() if one.hung_up:
                return _closed(settings)
            case MqttConnectError():
                return _refused(one, settings)
            case aiomqtt.MqttCodeError():
                return _ended(one, settings)
            case OSError() | UnicodeError():
                return _system(one, settings)
    return f"the broker at {settings.where} does not answer"


def _closed(settings: MqttSettings) -> str:
    if settings.cert_file is not None:
        hint = "is mqtt.cert_file one that it trusts?"
    elif settings.encrypted:
        hint = "does it want a client certificate (mqtt.cert_file)?"
    else:
        hint = "does that port want TLS (mqtt.ca_file)?"
    return f"the broker at {settings.where} closes the connection without an answer: {hint}"


def _refused(error: MqttConnectError, settings: MqttSettings) -> str:
    code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
    if code not in _BAD_LOGIN:
        return f"the broker at {settings.where} refuses the connection: {error.rc}"
    if settings.username is None:
        return (
            f"the broker at {settings.where} lets nobody in without a name: "
            "set mqtt.username and mqtt.password_file"
        )
    return (
        f"the broker at {settings.where} refuses user {settings.username!r}: "
        "wrong user name or password, or no right to connect"
    )


def _system(error: OSError | UnicodeError, settings: MqttSettings) -> str:
    broker = f"the broker at {settings.where}"
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"the host {settings.host!r} is not known: check mqtt.host and the network"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {broker} is not trusted ({error.verify_message}): "
            "check mqtt.ca_file, and that mqtt.host is a name in the certificate"
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS with {broker} fails ({error.reason}): does that port speak TLS?"
    if isinstance(error, ConnectionRefusedError):
        return (
            f"nothing listens at {settings.where}: "
            "start the broker there, or set mqtt.host and mqtt.port"
        )
    if isinstance(error, TimeoutError):
        return f"{broker} does not answer"
    return f"{broker} cannot be reached: {error.strerror or error}"


def _ended(error: aiomqtt.MqttCodeError, settings: MqttSettings) -> str:
    broker = f"the broker at {settings.where}"
    # paho gives its own findings as MQTT 5 reasons too: a silent broker, a connection that is gone.
    match error.rc.value if isinstance(error.rc, ReasonCode) else None:
        case 0x8D:
            return f"{broker} stopped answering"
        case 0x8E:
            return (
                f"another client took the connection to {broker} over: "
                f"the client id {settings.client_id!r} must be used once only"
            )
        case None | 0x80:
            return (
                f"{broker} closed the connection: it ended, "
                f"or another client has the client id {settings.client_id!r} too"
            )
    return f"{broker} ended the connection: {error.rc}"
