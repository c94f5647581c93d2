"""What the wearer may say is read; everything else is refused, counted and told in one sentence."""

from __future__ import annotations

import asyncio

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mosquitto import Mosquitto
from tests.mqtt.house import MemoryOutbox, running, status_of
from tracker.mqtt.commands import (
    BURST,
    Action,
    Buzz,
    BuzzPattern,
    Command,
    CommandError,
    End,
    Forget,
    Gate,
    Note,
    Pain,
    SetSide,
    Teach,
    parse,
)
from tracker.mqtt.connection import PACKET_BYTES, Connection
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings
from tracker.mqtt.topics import Topics

SIDE = "stretchband/band/band1/set/side"


READ: list[tuple[str, bytes, Action]] = [
    ("side", b"left", SetSide("left")),
    ("side", b"right", SetSide("right")),
    ("side", b"auto", SetSide(None)),
    ("pain", b"", Pain()),
    ("pain", b'{"note": "behind the knee"}', Pain("behind the knee")),
    ("buzz", b"0", Buzz(0)),
    ("buzz", b"2", Buzz(2)),
    ("buzz", b' {"pulses": 2, "on_s": 0.1, "off_s": 0.2}', BuzzPattern(2, 0.1, 0.2)),
    ("note", "gut gedehnt \N{LEG}".encode(), Note("gut gedehnt \N{LEG}")),
    ("note", b"x" * 500, Note("x" * 500)),
    ("end", b"", End()),
    ("teach", b'{"name": "splits", "side": "left"}', Teach("splits", "left")),
    ("teach", b'{"name": "splits"}', Teach("splits")),
    ("forget", b"splits", Forget("splits")),
]
REFUSED: list[tuple[str, bytes, str]] = [
    ("side", b"both", "allowed: left, right, auto"),
    ("side", b"", "allowed: left, right, auto"),
    ("side", b"\xff", "allowed: left, right, auto"),
    ("pain", b"{", "allowed: nothing or"),
    ("pain", b'{"nota": "x"}', "unknown field"),
    ("pain", b'{"note": "' + b"x" * 501 + b'"}', "length <= 500"),
    ("buzz", b"3", "<= 2"),
    ("buzz", b"-1", ">= 0"),
    ("buzz", b"true", "Expected `int`"),
    ("buzz", b"", "allowed: 0, 1, 2 or"),
    ("buzz", b'{"pulses": 0, "on_s": 1, "off_s": 1}', ">= 1"),
    ("buzz", b'{"pulses": 1, "on_s": 9, "off_s": 1}', "<= 2.55"),
    ("buzz", b'{"pulses": 1}', "missing required field"),
    ("note", b"", "length >= 1"),
    ("note", b"x" * 501, "length <= 500"),
    ("note", b"x" * 5000, "5000 bytes; at most 4096"),
    ("buzz", b"[" * 4000, "recursion"),
    ("teach", b'{"name": "a", "side": ' + b'{"a":' * 800, "allowed: {"),
    ("end", b"now", "has no payload"),
    ("teach", b"splits", "allowed: {"),
    ("teach", b'{"name": "splits", "side": "both"}', "Invalid enum value"),
    ("teach", b'{"name": "a/b"}', "cannot be taught as a name"),
    ("teach", b'{"name": "hamstring"}', "hamstring is known already"),
    ("forget", b"", "cannot be taught as a name"),
    ("reboot", b"", "there are side, pain, buzz, note, end, teach, forget"),
]


@pytest.mark.parametrize(("name", "payload", "action"), READ)
def test_a_command_is_read(name: str, payload: bytes, action: Action) -> None:
    assert parse(name, payload) == action


@pytest.mark.parametrize(("name", "payload", "said"), REFUSED)
def test_what_is_no_command_is_refused_in_one_line(name: str, payload: bytes, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(name, payload)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


@given(
    st.sampled_from(["side", "pain", "buzz", "note", "end", "teach", "forget", "x"]),
    st.binary(max_size=200),
)
def test_no_payload_breaks_the_reader_or_its_log_line(name: str, payload: bytes) -> None:
    try:
        parse(name, payload)
    except CommandError as error:
        assert str(error).isprintable()  # noqa: PT017 - most payloads are refused, some are not


def gate() -> Gate:
    return Gate(Topics(), ["band1", "band2"])


def admit(gate: Gate, topic: str, payload: bytes, now_s: float = 0.0) -> Command | str | None:
    return gate.admit(topic, payload, retained=False, received_s=1.7e9, now_s=now_s)


def test_a_retained_command_is_ignored_and_counted() -> None:
    g = gate()
    assert g.admit(SIDE, b"left", retained=True, received_s=0.0, now_s=0.0) is None
    assert g.refused == {"retained": 1}


def test_a_band_that_is_not_ours_is_refused() -> None:
    g = gate()
    told = admit(g, "stretchband/band/neighbour/set/side", b"left")
    assert told == "command 'side' refused: there is no band 'neighbour'"
    assert g.refused == {"unknown band": 1}


def test_a_flood_is_refused_with_one_sentence_and_other_bands_are_heard() -> None:
    g = gate()
    answers = [admit(g, SIDE, b"left") for _ in range(1000)]
    assert all(isinstance(answer, Command) for answer in answers[:BURST])
    assert [a for a in answers[BURST:] if a is not None] == [
        "commands for band 'band1' refused: more than 10 at once and 2 a second"
    ]
    assert g.refused == {"too many": 1000 - BURST}
    assert isinstance(admit(g, SIDE.replace("band1", "band2"), b"left"), Command)
    assert isinstance(admit(g, SIDE, b"left", now_s=0.6), Command)


def test_made_up_bands_share_one_limit() -> None:
    g = gate()
    told = [admit(g, f"stretchband/band/b{n}/set/side", b"left") for n in range(1000)]
    assert sum(answer is not None for answer in told) == BURST + 1
    assert len(g._buckets) == 1


async def test_commands_come_from_the_broker_and_bad_ones_do_no_harm(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    async with aiomqtt.Client(mosquitto.host, mosquitto.port) as hand:
        await hand.publish(SIDE, "right", qos=1, retain=True)  # from long ago
        publisher = Publisher(MqttSettings(port=mosquitto.port), MemoryOutbox(), bands=["band1"])
        async with running(publisher):
            await status_of(publisher, lambda s: s.connected)
            await hand.publish(SIDE, "sideways", qos=1)
            await hand.publish("stretchband/band/band1/set/note", "it goes\nwell", qos=1)
            await hand.publish(SIDE, "left", qos=1)
            async with asyncio.timeout(10):
                note = await publisher.commands.get()
                side = await publisher.commands.get()
            assert (note.action, side.action) == (Note("it goes\nwell"), SetSide("left"))
            assert (side.band_id, side.name, side.payload) == ("band1", "side", b"left")
            assert publisher.status.refused == (("invalid", 1),)
            assert publisher.status.commands == 2
    refusals = [r.getMessage() for r in caplog.records if "refused" in r.getMessage()]
    told = "side: Invalid enum value 'sideways'; allowed: left, right, auto"
    assert refusals == [f"command for band 'band1' refused: {told}"]


async def test_a_message_of_megabytes_is_kept_from_us_by_the_broker(mosquitto: Mosquitto) -> None:
    publisher = Publisher(MqttSettings(port=mosquitto.port), MemoryOutbox(), bands=["band1"])
    async with aiomqtt.Client(mosquitto.host, mosquitto.port) as hand, running(publisher):
        await status_of(publisher, lambda s: s.connected)
        await hand.publish(SIDE, bytes(2_000_000), qos=1)
        await hand.publish(SIDE, bytes(60_000), qos=1)
        await hand.publish(SIDE, "left", qos=1)
        async with asyncio.timeout(10):
            assert (await publisher.commands.get()).action == SetSide("left")
        assert publisher.status.refused == (("invalid", 1),)


async def test_a_broker_without_mqtt_5_passes_no_megabytes_into_the_queue(
    mosquitto: Mosquitto,
) -> None:
    """Cut to what is still too long for a command: a hundred wait at most, 6 MB."""
    settings = MqttSettings(port=mosquitto.port)
    async with (
        aiomqtt.Client(mosquitto.host, mosquitto.port) as hand,
        Connection(settings, aiomqtt.ProtocolVersion.V311, None, None) as connection,
    ):
        assert await connection.listen("stretchband/band/+/set/+")
        await hand.publish(SIDE, bytes(2_000_000), qos=1)
        async with asyncio.timeout(10):
            message = await anext(aiter(connection.messages))
    payload = bytes(message.payload)
    assert len(payload) == PACKET_BYTES
    with pytest.raises(CommandError, match="at most 4096 are read"):
        parse("side", payload)


async def test_a_flood_of_commands_does_not_delay_events(mosquitto: Mosquitto) -> None:
    outbox = MemoryOutbox()
    publisher = Publisher(MqttSettings(port=mosquitto.port), outbox, bands=["band1"])
    async with aiomqtt.Client(mosquitto.host, mosquitto.port) as hand, running(publisher):
        await status_of(publisher, lambda s: s.connected)
        for n in range(2000):
            await hand.publish(SIDE, "left", qos=1 if n % 100 == 0 else 0)
            if n % 100 == 0:
                outbox.add(1)
                publisher.wake()
        status = await status_of(
            publisher, lambda s: s.commands + sum(n for _, n in s.refused) == 2000
        )
        assert status.connected
        assert status.commands < 200
        await status_of(publisher, lambda s: s.sent == 20)
        assert publisher.commands.qsize() <= 64
