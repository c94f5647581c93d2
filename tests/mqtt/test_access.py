"""Names, passwords, rights and certificates: what is refused is said plainly, never the secret."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import aiomqtt
import pytest

from tests.mosquitto import Mosquitto, program
from tests.mqtt.certificates import Authority
from tests.mqtt.house import MemoryOutbox, running, status_of, subscriber
from tracker.detect.events import from_json
from tracker.errors import StretchbandError
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings, check, tls_context

EXAMPLES = Path(__file__).parents[2] / "config" / "mosquitto"
SECRET = "open-sesame-4711"  # noqa: S105 - of a broker that lives for one test
WRONG = "wrong-sesame-0815"


def guarded(folder: Path, password: str = SECRET) -> Mosquitto:
    """Mosquitto by the example's own lines, its files moved to a folder of the test."""
    passwords = folder / "stretchband.passwd"
    passwords.touch(mode=0o600)
    for user in ("stretchband", "homeassistant", "screen"):
        command = [program("mosquitto_passwd"), "-b", str(passwords), user, password]
        subprocess.run(command, check=True, capture_output=True)
    rules = folder / "stretchband.acl"
    rules.write_text((EXAMPLES / "stretchband.acl").read_text("utf-8"), "utf-8")
    rules.chmod(0o600)
    example = (
        (EXAMPLES / "stretchband.conf").read_text("utf-8").replace("/etc/mosquitto", str(folder))
    )
    lines = [
        line for line in example.splitlines() if line and not line.startswith(("#", "listener"))
    ]
    return Mosquitto(folder, *lines)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with the example's users and rights."""
    broker = guarded(tmp_path)
    broker.start()
    yield broker
    broker.kill()


def login(broker: Mosquitto, user: str = "stretchband", password: str = SECRET) -> MqttSettings:
    return MqttSettings(port=broker.port, username=user, password=password)


async def test_the_example_lets_the_daemon_publish_and_the_house_hear(broker: Mosquitto) -> None:
    outbox = MemoryOutbox()
    outbox.add(5)
    outbox.add(5, at_s=0.0)
    publisher = Publisher(login(broker), outbox, bands=["band1"])
    for suffix in ("bridge/info", "bridge/health", "band/band1/state", "band/band1/today"):
        publisher.set_retained(suffix, b"{}")
    async with subscriber(broker.port, "screen", SECRET) as house, running(publisher):
        await house.until(lambda: house.has_all(outbox, "band1"))
        await status_of(publisher, lambda s: s.sent == 10)
        publisher.live("band1", b"[]")
        await house.until(lambda: house.on("band/band1/live") == [b"[]"])
        await house.until(lambda: len({h.topic for h in house.heard}) == 8)
        assert publisher.status.fault is None


@pytest.mark.parametrize("user", ["stretchband", "nobody"])
async def test_a_refused_password_is_said_without_the_secret(
    broker: Mosquitto, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = login(broker, user, WRONG)
    caplog.set_level("DEBUG")
    publisher = Publisher(settings, MemoryOutbox(), bands=[])
    async with running(publisher):
        status = await status_of(publisher, lambda s: s.fault is not None)
        await status_of(publisher, lambda _: broker.log.count("Sending CONNACK") >= 3)
    assert status.fault == (
        f"the broker at 127.0.0.1:{broker.port} refuses user {user!r}: "
        "wrong user name or password, or no right to connect"
    )
    assert [r.getMessage() for r in caplog.records if r.name.startswith("tracker")] == [
        f"{status.fault}; events wait in the log, trying again"
    ]
    assert WRONG not in f"{caplog.text}{settings!r}{publisher.status!r}"


async def test_a_missing_name_is_said(broker: Mosquitto) -> None:
    publisher = Publisher(MqttSettings(port=broker.port), MemoryOutbox(), bands=[])
    async with running(publisher):
        status = await status_of(publisher, lambda s: s.fault is not None)
    assert "set mqtt.username and mqtt.password_file" in str(status.fault)


async def test_an_event_that_the_broker_forbids_waits_until_it_is_allowed(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    rules = broker.folder / "stretchband.acl"
    allowed = rules.read_text("utf-8")
    rules.write_text(allowed.replace("topic write stretchband/band/+/late\n", ""), "utf-8")
    broker.reload()
    outbox = MemoryOutbox()
    outbox.add(3)
    outbox.add(1, at_s=0.0)
    outbox.add(3)
    publisher = Publisher(login(broker), outbox, bands=["band1"])
    async with subscriber(broker.port, "screen", SECRET) as house, running(publisher):
        status = await status_of(publisher, lambda s: s.fault is not None)
        assert status.connected
        assert status.fault == (
            f"the broker at 127.0.0.1:{broker.port} refuses (Not authorized) events on "
            "stretchband/band/band1/late: check its access rules"
        )
        assert outbox.acknowledged == 3
        rules.write_text(allowed, "utf-8")
        broker.reload()
        await house.until(lambda: house.has_all(outbox, "band1"))
        assert house.ids("band1") == outbox.ids("band1")
        await status_of(publisher, lambda s: s.fault is None)
    assert [r.levelname for r in caplog.records].count("ERROR") == 1


async def test_a_refusal_between_others_is_overtaken_once_and_skips_nothing(
    broker: Mosquitto,
) -> None:
    rules = broker.folder / "stretchband.acl"
    allowed = rules.read_text("utf-8")
    outbox = MemoryOutbox()
    publisher = Publisher(login(broker), outbox, bands=["band1"])
    async with subscriber(broker.port, "screen", SECRET) as house, running(publisher):

        def heard() -> list[str]:
            leaves = ("band1/late", "band1/event")
            return [from_json(h.payload).event_id for h in house.heard if h.topic.endswith(leaves)]

        outbox.add(1, at_s=0.0)
        outbox.add(1)
        publisher.wake()
        await status_of(publisher, lambda s: s.sent == 2)  # both topics were allowed
        rules.write_text(allowed.replace("topic write stretchband/band/+/late\n", ""), "utf-8")
        broker.reload()
        await status_of(publisher, lambda _: "Reloading config" in broker.log)
        outbox.add(1, at_s=0.0)
        outbox.add(3)
        publisher.wake()
        # The third refusal: whatever the second try took along has come.
        await status_of(publisher, lambda _: broker.log.count("Denied PUBLISH") >= 3)
        ids = outbox.ids("band1")
        assert heard() == [*ids[:2], *ids[3:]]
        assert outbox.acknowledged == 2
        rules.write_text(allowed, "utf-8")
        broker.reload()
        await house.until(lambda: len(heard()) == 9)
        assert heard() == [*ids[:2], *ids[3:], *ids[2:]]
        assert publisher.status.reconnects == 0


def tls_lines(home: Authority, *, client: bool) -> list[str]:
    certificate, key = home.issue("broker", "127.0.0.1")
    lines = [f"cafile {home.file}", f"certfile {certificate}", f"keyfile {key}"]
    return [*lines, f"require_certificate {str(client).lower()}", "allow_anonymous true"]


@pytest.fixture
def home(tmp_path: Path) -> Authority:
    """The home's own certificate authority."""
    return Authority(tmp_path, "home")


@pytest.fixture
def tls_broker(tmp_path: Path, home: Authority) -> Iterator[Mosquitto]:
    """A broker that speaks TLS only and wants client certificates."""
    broker = Mosquitto(tmp_path, *tls_lines(home, client=True))
    broker.start()
    yield broker
    broker.kill()


async def test_events_go_over_tls_with_a_client_certificate(
    tls_broker: Mosquitto, home: Authority
) -> None:
    certificate, key = home.issue("daemon", "127.0.0.1")
    outbox = MemoryOutbox()
    outbox.add(100)
    settings = MqttSettings(
        port=tls_broker.port, ca_file=home.file, cert_file=certificate, key_file=key
    )
    async with running(Publisher(settings, outbox, bands=[])) as publisher:
        await status_of(publisher, lambda s: s.sent == 100)


def _foreign_ca(home: Authority, other: Authority) -> MqttSettings:
    return MqttSettings(ca_file=other.file)


def _no_certificate(home: Authority, other: Authority) -> MqttSettings:
    return MqttSettings(ca_file=home.file)


def _foreign_certificate(home: Authority, other: Authority) -> MqttSettings:
    certificate, key = other.issue("daemon", "127.0.0.1")
    return MqttSettings(ca_file=home.file, cert_file=certificate, key_file=key)


def _no_tls(home: Authority, other: Authority) -> MqttSettings:
    return MqttSettings()


def _wrong_name(home: Authority, other: Authority) -> MqttSettings:
    return MqttSettings(host="localhost", ca_file=home.file)


def _no_file(home: Authority, other: Authority) -> MqttSettings:
    return MqttSettings(ca_file="/nowhere/ca.crt")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_foreign_ca, "is not trusted"),
        (_no_certificate, "does it want a client certificate"),
        (_foreign_certificate, "is mqtt.cert_file one that it trusts?"),
        (_no_tls, "does that port want TLS"),
        (_wrong_name, "that mqtt.host is a name in the certificate"),
        (_no_file, "mqtt.ca_file: /nowhere/ca.crt cannot be used: No such file or directory"),
    ],
)
async def test_what_is_wrong_with_tls_is_said(
    tls_broker: Mosquitto,
    home: Authority,
    tmp_path: Path,
    make: Callable[[Authority, Authority], MqttSettings],
    said: str,
) -> None:
    made = make(home, Authority(tmp_path, "foreign"))
    settings = MqttSettings(
        host=made.host,
        port=tls_broker.port,
        ca_file=made.ca_file,
        cert_file=made.cert_file,
        key_file=made.key_file,
    )
    async with running(Publisher(settings, MemoryOutbox(), bands=[])) as publisher:
        status = await status_of(publisher, lambda s: s.fault is not None)
    assert said in str(status.fault)


def _expired_certificate(home: Authority) -> MqttSettings:
    certificate, key = home.issue("daemon", "127.0.0.1", days=-1)
    return MqttSettings(ca_file=home.file, cert_file=certificate, key_file=key)


async def test_a_client_certificate_that_has_expired_is_refused_and_said(
    tls_broker: Mosquitto, home: Authority
) -> None:
    settings = replace(_expired_certificate(home), port=tls_broker.port)
    async with running(Publisher(settings, MemoryOutbox(), bands=[])) as publisher:
        status = await status_of(publisher, lambda s: s.fault is not None)
    assert status.fault == (
        f"the broker at 127.0.0.1:{tls_broker.port} closes the connection without an answer: "
        "is mqtt.cert_file one that it trusts?"
    )
    assert status.sent == 0


async def test_a_broker_whose_certificate_has_expired_is_told_no_password(
    tmp_path: Path, home: Authority
) -> None:
    certificate, key = home.issue("broker", "127.0.0.1", days=-1)
    lines = [f"cafile {home.file}", f"certfile {certificate}", f"keyfile {key}"]
    broker = Mosquitto(tmp_path, *lines, "allow_anonymous true")
    broker.start()
    try:
        settings = MqttSettings(
            port=broker.port, ca_file=home.file, username="stretchband", password=SECRET
        )
        async with running(Publisher(settings, MemoryOutbox(), bands=[])) as publisher:
            status = await status_of(publisher, lambda s: s.fault is not None)
        assert status.fault == (
            f"the certificate of the broker at 127.0.0.1:{broker.port} is not trusted "
            "(certificate has expired): check mqtt.ca_file, and that mqtt.host is a name in the "
            "certificate"
        )
        assert "CONNACK" not in broker.log
    finally:
        broker.kill()


@pytest.mark.parametrize(
    ("user", "password", "fault"),
    [
        ("stretchband", SECRET, None),
        ("stretchband", WRONG, "refuses user 'stretchband': wrong user name or password"),
        ("nobody", SECRET, "refuses user 'nobody': wrong user name or password"),
        (None, None, "lets nobody in without a name: set mqtt.username and mqtt.password_file"),
    ],
    ids=["right", "wrong password", "wrong name", "no name"],
)
async def test_a_certificate_alone_lets_nobody_in_where_the_broker_wants_a_password_too(
    tmp_path: Path, home: Authority, user: str | None, password: str | None, fault: str | None
) -> None:
    broker = guarded(tmp_path)
    certificate, key = home.issue("broker", "127.0.0.1")
    broker.configure(
        "allow_anonymous false",
        f"password_file {tmp_path / 'stretchband.passwd'}",
        f"cafile {home.file}",
        f"certfile {certificate}",
        f"keyfile {key}",
        "require_certificate true",
    )
    broker.start()
    mine, my_key = home.issue("daemon", "127.0.0.1")
    settings = MqttSettings(
        port=broker.port,
        ca_file=home.file,
        cert_file=mine,
        key_file=my_key,
        username=user,
        password=password,
    )
    try:
        async with running(Publisher(settings, MemoryOutbox(), bands=[])) as publisher:
            if fault is None:
                await status_of(publisher, lambda s: s.connected)
            else:
                status = await status_of(publisher, lambda s: s.fault is not None)
                assert fault in str(status.fault)
    finally:
        broker.kill()


@pytest.mark.parametrize("user", ["screen", "homeassistant"])
async def test_who_may_only_hear_cannot_speak_in_the_daemons_place(
    broker: Mosquitto, user: str
) -> None:
    async with (
        subscriber(broker.port, "homeassistant", SECRET) as house,
        aiomqtt.Client(
            "127.0.0.1",
            broker.port,
            username=user,
            password=SECRET,
            protocol=aiomqtt.ProtocolVersion.V5,
        ) as other,
    ):
        topics = ["band/band1/event", "band/band1/state", "bridge/state"]
        topics += ["band/band1/set/end"] if user == "screen" else []
        for topic in topics:
            await other.publish(f"stretchband/{topic}", b"forged", qos=1)
        assert broker.log.count("Denied PUBLISH") == len(topics)
        assert not [one for one in house.heard if one.payload == b"forged"]


def test_a_certificate_without_its_key_is_named(tmp_path: Path, home: Authority) -> None:
    certificate, _ = home.issue("daemon", "127.0.0.1")
    _, other_key = home.issue("other", "127.0.0.1")
    with pytest.raises(StretchbandError, match=r"mqtt\.cert_file and mqtt\.key_file: .* and .*"):
        tls_context(MqttSettings(cert_file=certificate, key_file=other_key))


@pytest.mark.parametrize("judge", [check, tls_context])
def test_a_key_without_its_certificate_is_said(
    home: Authority, judge: Callable[[MqttSettings], object]
) -> None:
    _, key = home.issue("daemon", "127.0.0.1")
    for settings in (MqttSettings(key_file=key), MqttSettings(ca_file=home.file, key_file=key)):
        with pytest.raises(StretchbandError) as caught:
            judge(settings)
        assert str(caught.value) == (
            f"mqtt.key_file: {key} is of no use without mqtt.cert_file, "
            "the certificate that it belongs to"
        )


@pytest.mark.parametrize("key", ["ca_file", "cert_file", "key_file"])
def test_a_file_that_is_not_there_is_named(home: Authority, key: str) -> None:
    certificate, private = home.issue("daemon", "127.0.0.1")
    settings = MqttSettings(ca_file=home.file, cert_file=certificate, key_file=private)
    check(settings)
    for file, why in (("nowhere.pem", "No such file or directory"), ("/", "Is a directory")):
        with pytest.raises(StretchbandError) as caught:
            check(replace(settings, **{key: file}))  # type: ignore[arg-type]
        assert str(caught.value) == f"mqtt.{key}: {file} cannot be used: {why}"


def test_no_files_are_nothing_to_say() -> None:
    check(MqttSettings())
    check(MqttSettings(tls=True))


async def test_an_unknown_host_is_said() -> None:
    # .invalid never exists (RFC 2606), a doubled dot is no name at all.
    for host in ("broker.invalid", "broker..local"):
        publisher = Publisher(MqttSettings(host=host), MemoryOutbox(), bands=[])
        async with running(publisher):
            status = await status_of(publisher, lambda s: s.fault is not None)
        assert status.fault == f"the host {host!r} is not known: check mqtt.host and the network"
