"""How does the command line ask the running daemon about postures, over the house's broker?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from secrets import token_hex

import aiomqtt
import msgspec

from tracker.errors import NOT_JSON, StretchbandError
from tracker.mqtt.faults import sentence
from tracker.mqtt.payloads import LessonState, TaughtState
from tracker.mqtt.settings import MqttSettings, tls_context
from tracker.mqtt.topics import BRIDGE_STATE, ONLINE, Topics

# A daemon answers within milliseconds, also one whose disk is busy within some seconds.
ANSWER_S = 10.0


class NoDaemonError(StretchbandError):
    """No daemon is at this broker."""


async def ask(
    settings: MqttSettings,
    band_id: str,
    command: tuple[str, bytes],
    name: str,
    *,
    patience_s: float,
    on_waiting: Callable[[], None] = lambda: None,
) -> LessonState:
    """Give a command about the posture `name`; the last word about it.

    patience_s: how long a lesson may take once it has begun (on_waiting).
    Raises NoDaemonError without a daemon, StretchbandError when nobody answers.
    """
    topics = Topics(settings.base_topic)
    state, answers = topics.at(BRIDGE_STATE), topics.band(band_id, "taught")
    try:
        async with _client(settings) as client:
            messages = aiter(client.messages)
            await client.subscribe(state, qos=1)
            await _expect_daemon(messages, state, settings)
            await client.subscribe(answers, qos=1)
            await client.publish(topics.band(band_id, f"set/{command[0]}"), command[1], qos=1)
            limit_s = ANSWER_S
            while True:
                async with asyncio.timeout(limit_s):
                    lesson = _lesson(await anext(messages), answers)
                if lesson is None or lesson.name != name:
                    continue
                if lesson.state != "waiting":
                    return lesson
                on_waiting()
                limit_s = patience_s
    except TimeoutError:
        if limit_s == patience_s:
            raise StretchbandError(
                f"{name} was not learnt: no samples came from band {band_id}; is it in reach?"
            ) from None
        raise StretchbandError(
            f"the daemon did not answer; is it allowed to hear {command[0]} and to answer on "
            f"{answers} (config/mosquitto/stretchband.acl)?"
        ) from None
    except (aiomqtt.MqttError, OSError) as error:
        raise NoDaemonError(sentence(error, settings)) from error


def _client(settings: MqttSettings) -> aiomqtt.Client:
    return aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=settings.password,
        # The daemon's own name would throw the daemon out.
        identifier=f"stretchband-teach-{token_hex(4)}",
        tls_context=tls_context(settings),
        timeout=ANSWER_S,
    )


async def _expect_daemon(
    messages: AsyncIterator[aiomqtt.Message], topic: str, settings: MqttSettings
) -> None:
    """`bridge/state` is retained: no answer is as good as `offline`."""
    try:
        async with asyncio.timeout(ANSWER_S):
            message = await anext(messages)
            while message.topic.value != topic:
                message = await anext(messages)
            if message.payload == ONLINE:
                return
    except TimeoutError:
        pass
    raise NoDaemonError(
        f"no stretchband run is at the broker {settings.where}; start it, or learn from a "
        "recording with --recording"
    )


def _lesson(message: aiomqtt.Message, topic: str) -> LessonState | None:
    """What is said now; a retained message is of before."""
    if message.retain or message.topic.value != topic or not isinstance(message.payload, bytes):
        return None
    try:
        return msgspec.json.decode(message.payload, type=TaughtState).lesson
    except NOT_JSON:
        return None
