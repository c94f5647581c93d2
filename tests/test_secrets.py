"""A secret stands in every place that may hold one; it is in nothing that is said, sent or kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from tests.cli.inside import Run
from tests.cli.inside import run as run  # noqa: PLC0414 - a fixture
from tests.daemon.parts import ADDRESS
from tests.mosquitto import Mosquitto
from tests.mqtt.certificates import Authority
from tests.mqtt.house import subscriber
from tests.mqtt.test_access import guarded
from tests.test_service import band_on_tcp, has_frames
from tracker.config import PASSWORD_VARIABLE, Config, load
from tracker.daemon.house import mqtt_settings
from tracker.errors import StretchbandError
from tracker.mqtt.settings import MqttSettings, tls_context
from tracker.web.access import Door

MQTT, PAGE, IN_URL = "canary-mqtt-4711", "canary-page-4711", "canary-url-4711"
LINE = "from tracker.cli import main; main()"


def planted(folder: Path, broker: Mosquitto, radio: str, password: str) -> Path:
    """A config with all its secret files."""
    (folder / "mqtt-password").write_text(f"{password}\n")
    (folder / "page-password").write_text(f"{PAGE}\n")
    for name in ("mqtt-password", "page-password"):
        (folder / name).chmod(0o600)
    config = folder / "tracker.toml"
    config.write_text(
        '[store]\npath = "history.db"\n'
        f'[mqtt]\nport = {broker.port}\nusername = "stretchband"\npassword_file = "mqtt-password"\n'
        f'[bluetooth]\nradio = "{radio}"\n'
        '[dashboard]\npassword_file = "page-password"\n'
        f'[[bands]]\nid = "band1"\naddress = "{ADDRESS}"\n'
    )
    return config


async def started(*words: str, line: str = LINE, **variables: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-X",
        "dev",
        "-c",
        line,
        *words,
        env={**os.environ, "PYTHONASYNCIODEBUG": "0", "COLUMNS": "200", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def said(process: asyncio.subprocess.Process, *, end: bool = False) -> str:
    if end:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return out.decode("utf-8", "replace")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = guarded(folder, MQTT)
    broker.start()
    yield broker
    broker.kill()


@pytest.mark.parametrize("right", [True, False], ids=["let in", "refused"])
async def test_no_secret_is_in_what_the_programs_say_send_and_keep(
    tmp_path: Path, broker: Mosquitto, right: bool
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    password = MQTT if right else f"{MQTT}-wrong"
    async with (
        band_on_tcp(tmp_path) as radio,
        subscriber(broker.port, "screen", MQTT) as house,
    ):
        config = planted(home, broker, radio, password)
        words = ("--config", str(config))
        daemon = await started("run", "--log", "debug", *words)
        page = await started("dashboard", "--port", "0", *words)
        if right:
            await house.until(lambda: has_frames(house), 60)
        else:
            async with asyncio.timeout(60):
                while broker.log.count("Sending CONNACK") < 5:  # noqa: ASYNC110 - a file
                    await asyncio.sleep(0.05)
        doctor = await said(await started("doctor", "--report", *words))
        plainly = await said(await started("doctor", *words))
        by_variable = await said(
            await started("doctor", "--report", *words, **{PASSWORD_VARIABLE: "canary-env-4711"})
        )
        taught = await said(await started("teach", "--forget", "splits", *words))
        told = await said(daemon, end=True) + await said(page, end=True)
        heard = b"".join(one.payload + one.topic.encode() for one in house.heard)
    assert "broker" in doctor
    assert "broker" in plainly
    assert "connected to the broker" in told or "refuses user" in told
    assert ("splits is not taught" if right else "refuses user") in taught
    everything = f"{told}{doctor}{plainly}{by_variable}{taught}"
    assert "canary" not in everything
    assert b"canary" not in heard
    assert ("stretchband" in heard.decode("utf-8", "replace")) == right
    kept = [file for file in home.iterdir() if file.is_file() and "password" not in file.name]
    assert any(file.name == "history.db" for file in kept)
    for file in kept:
        assert b"canary" not in file.read_bytes(), file.name


BROKEN = """
import os
from tracker.daemon.house import House
def broken(self):
    password = self.publisher._settings.password
    assert "canary" in password
    BREAK
House.announce = broken
"""


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        ("raise RuntimeError('of the test')", "RuntimeError: of the test"),
        ("os.abort()", "Fatal Python error: Aborted"),  # as systemd ends one that hangs
    ],
    ids=["an error that nobody caught", "aborted"],
)
async def test_no_secret_is_in_what_a_broken_daemon_leaves(
    breaks: str, says: str, tmp_path: Path, broker: Mosquitto
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    config = planted(home, broker, f"unix:{home}/nobody", MQTT)
    line = BROKEN.replace("BREAK", breaks) + LINE
    out = await said(await started("run", "--log", "debug", "--config", str(config), line=line))
    assert says in out
    assert "in broken" in out
    assert "canary" not in out


async def test_the_demo_has_no_use_for_the_homes_secrets(tmp_path: Path, broker: Mosquitto) -> None:
    home, kept = tmp_path / "stretchband", tmp_path / "kept"
    for folder in (home, kept):
        folder.mkdir()
    planted(home, broker, "system", MQTT)
    words = ("--seconds", "12", "--speed", "20", "--port", "0", "--no-browser")
    variables = {PASSWORD_VARIABLE: MQTT, "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    out = await said(await started("demo", *words, "--db", str(kept / "demo.db"), **variables))
    assert "hold " in out
    assert "canary" not in out
    for file in kept.iterdir():
        assert b"canary" not in file.read_bytes(), file.name


@pytest.mark.parametrize("command", ["run", "dashboard", "doctor", "scan", "teach splits"])
def test_a_password_in_a_wrong_place_of_the_config_is_not_shown(
    tmp_path: Path, run: Run, command: str
) -> None:
    config = tmp_path / "tracker.toml"
    for text in (
        f'[mqtt]\nhost = "mqtt://me:{IN_URL}@broker"',
        f'[mqtt]\npassword = "{IN_URL}"',
        f'mqtt = "mqtt://me:{IN_URL}@broker"',
        f'[mqtt]\nusername = ["{IN_URL}@x"]',
    ):
        config.write_text(text)
        done = run(*command.split(), "--config", config)
        assert done.status == (1 if command == "doctor" else 2)
        assert "canary" not in done.out + done.err, text
        assert "mqtt" in done.out + done.err


def test_no_secret_is_in_what_an_object_says_of_itself(tmp_path: Path) -> None:
    """As a traceback with its values would."""
    (tmp_path / "p").write_text(MQTT)
    (tmp_path / "c").write_text('[mqtt]\npassword_file = "p"\n[dashboard]\npassword_file = "p"')
    config = load(tmp_path / "c")
    settings = mqtt_settings(config)
    assert settings.password == MQTT
    for one in (config, Config(), settings, Door(MQTT)):
        assert "canary" not in f"{one!r}{one}"


async def test_no_secret_is_in_the_errors_of_the_library_below(tmp_path: Path) -> None:
    settings = MqttSettings(port=1, username="me", password=MQTT)
    client = aiomqtt.Client("127.0.0.1", 1, username="me", password=MQTT, timeout=5)
    with pytest.raises(aiomqtt.MqttError) as caught:
        async with client:
            pass
    assert "canary" not in f"{caught.value!r}{client!r}{settings!r}"


def test_a_key_that_is_wrong_is_named_and_not_shown(tmp_path: Path) -> None:
    home = Authority(tmp_path, "home")
    certificate, key = home.issue("daemon", "127.0.0.1")
    Path(key).write_text(f"-----BEGIN PRIVATE KEY-----\n{MQTT}\n-----END PRIVATE KEY-----\n")
    with pytest.raises(StretchbandError) as caught:
        tls_context(MqttSettings(cert_file=certificate, key_file=key))
    assert key in str(caught.value)
    assert "canary" not in repr(caught.value)
