"""Does the broker let us in, over which TLS, and what does it know of a running daemon?"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import aiomqtt
import msgspec

from tracker.doctor.finding import Finding, ok, told, warning, wrong
from tracker.errors import NOT_JSON, StretchbandError
from tracker.mqtt import faults
from tracker.mqtt.connection import Connection, NoConnackError
from tracker.mqtt.dialect import Dialect
from tracker.mqtt.settings import MqttSettings, check, tls_context
from tracker.mqtt.topics import BRIDGE_HEALTH, BRIDGE_STATE, OFFLINE, ONLINE, Topics, band_topic

ABOUT = "broker"
KNOWN_S = 1.0  # retained messages come at once or not at all
SOON_EXPIRES_S = 14 * 86400.0
_CHECK = "check [mqtt] host and port, and that no firewall is between"


class _BandHealth(msgspec.Struct):
    trouble: str | None = None


class _Health(msgspec.Struct):
    outbox_depth: int = 0
    store_fault: str | None = None
    bands: dict[str, _BandHealth] = {}


class _State(msgspec.Struct):
    battery: int | None = None


@dataclass(slots=True)
class Broker:
    """What was found.

    batteries: percent by band, as a daemon told them last. troubles: what a running daemon has with
    a band, a sentence each.
    """

    findings: list[Finding] = field(default_factory=list)
    batteries: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)


async def look_at_broker(settings: MqttSettings, bands: Sequence[str]) -> Broker:
    """Connect beside the daemon, under a name of its own, and read what is retained."""
    # Nobody's connection is taken over, and no last will is left.
    settings = replace(settings, client_id=f"stretchband-doctor-{secrets.token_hex(4)}")
    found = Broker()
    try:
        check(settings)
        tls = tls_context(settings)
    except StretchbandError as error:
        found.findings.append(told(ABOUT, str(error), "name files that this user can read"))
        return found
    dialect = Dialect()
    while True:
        try:
            async with Connection(
                settings, dialect.version, None, tls, dialect.answer_s
            ) as connection:
                found.findings += _how_connected(connection, settings, dialect)
                await _read_retained(connection, settings, bands, found)
            return found
        except aiomqtt.MqttError as error:
            older = faults.asks_for_older_protocol(error) and dialect.refused()
            if not (older or (isinstance(error, NoConnackError) and dialect.silent())):
                found.findings.append(_why_not(error, settings))
                return found


def _why_not(error: BaseException, settings: MqttSettings) -> Finding:
    sentence = faults.sentence(error, settings)
    if "has expired" in sentence:
        says = sentence.rpartition(": ")[0]
        return wrong(ABOUT, says, "renew the broker's certificate, and see that the clock is right")
    return told(ABOUT, sentence, _CHECK)


def _how_connected(
    connection: Connection, settings: MqttSettings, dialect: Dialect
) -> list[Finding]:
    over = "TLS" if settings.encrypted else "no encryption"
    says = f"{settings.where} lets us in over MQTT {dialect.name}, {over}"
    if not settings.encrypted and settings.password is not None and not _is_here(settings.host):
        step = "set mqtt.tls or mqtt.ca_file, and the broker's TLS port"
        return [warning(ABOUT, f"{says}: the password can be read on the network", step)]
    expires_s = connection.expires_s
    if expires_s is not None and expires_s - time.time() < SOON_EXPIRES_S:
        days = max(0.0, expires_s - time.time()) / 86400
        return [warning(ABOUT, f"{says}, its certificate ends in {days:.0f} days", "renew it")]
    return [ok(ABOUT, says)]


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host == socket.gethostname()


async def _read_retained(
    connection: Connection, settings: MqttSettings, bands: Sequence[str], found: Broker
) -> None:
    topics = Topics(settings.base_topic)
    wanted = {topics.at(BRIDGE_STATE), topics.at(BRIDGE_HEALTH)}
    states = {topics.at(band_topic(band, "state")): band for band in bands}
    retained: dict[str, bytes] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(KNOWN_S):
            for topic in (*wanted, *states):
                await connection.subscribe(topic, qos=0)
            async for message in connection.messages:
                retained[message.topic.value] = bytes(message.payload)
                if retained.keys() >= {*wanted, *states}:
                    break
    health = _health(retained.get(topics.at(BRIDGE_HEALTH), b"{}"))
    state = retained.get(topics.at(BRIDGE_STATE))
    found.findings.append(_daemon(state, health))
    if state == ONLINE:
        found.troubles = {band: it.trouble for band, it in health.bands.items() if it.trouble}
    for topic, band in states.items():
        with contextlib.suppress(*NOT_JSON):
            battery = msgspec.json.decode(retained.get(topic, b"{}"), type=_State).battery
            if battery is not None:
                found.batteries[band] = battery


def _health(payload: bytes) -> _Health:
    """What a daemon says of itself; nothing when somebody else spoke in its place."""
    try:
        return msgspec.json.decode(payload, type=_Health)
    except NOT_JSON:
        return _Health()


def _daemon(state: bytes | None, health: _Health) -> Finding:
    about = "daemon"
    match state:
        case word if word == ONLINE:
            pass
        case word if word == OFFLINE:
            return warning(about, "it is not running", "start it: stretchband run")
        case _:
            step = "start it: stretchband run; if it runs, let this user read its topics"
            return warning(about, "the broker does not know of it", step)
    if health.store_fault is not None:
        return told(about, health.store_fault, "see what `history`, `writing` and `disk` say")
    return ok(about, f"it is running, {health.outbox_depth} events wait for the broker")
