"""The config file: what is read, what is refused and how that is said."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from tracker.config import PASSWORD_VARIABLE, BandConfig, Config, ConfigError, load

EXAMPLE = Path(__file__).parents[1] / "config" / "tracker.toml"

SMALLEST = """
[store]
path = "history.db"
[mqtt]
host = "127.0.0.1"
port = 1883
[bluetooth]
radio = "system"
[[bands]]
id = "band1"
address = "F0:F1:F2:F3:F4:01"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "tracker.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text))
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{folder / 'tracker.toml'}: ")


def test_the_smallest_config_is_enough(tmp_path: Path) -> None:
    config = load(write(tmp_path, SMALLEST))
    assert config.db_path == tmp_path / "history.db"
    assert config.bands == (BandConfig(id="band1", address="F0:F1:F2:F3:F4:01"),)
    assert config.settings(config.bands[0]).target_s == 30.0


def test_the_example_shows_every_key_with_its_default(tmp_path: Path) -> None:
    assert load(EXAMPLE) == Config(folder=str(EXAMPLE.parent))
    text = re.sub(r"^# (?=\w+ = |\[\[bands)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    shown = tomllib.loads(text)
    shown["bands"] = shown["bands"][0]
    for section, table in shown.items():
        kind = BandConfig if section == "bands" else type(getattr(Config(), section))
        assert set(table) == set(kind.__struct_fields__), section
        for field in msgspec.structs.fields(kind):
            if field.default not in (msgspec.NODEFAULT, None):
                value = table[field.name]
                value = tuple(value) if isinstance(value, list) else value
                assert value == field.default, f"{section}.{field.name}"
    load(write(tmp_path, text))  # the commented lines are valid too


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[mqtt]\nprot = 1",
            "unknown key mqtt.prot; allowed: host, port, username, password_file, ca_file",
        ),
        (
            "[mqtt]\nhost = 'mqtt://me:hush@broker'",
            "mqtt.host = ... is not allowed: a host name or an address, nothing else",
        ),
        ("[mqtt]\nport = 0", "mqtt.port = 0 is not allowed: a port, 1 to 65535"),
        ("[mqtt]\nport = 'x'", "mqtt.port = 'x' is not allowed: a port, 1 to 65535"),
        ("[mqtt]\nbase_topic = 'a/#'", "mqtt.base_topic = 'a/#' is not allowed: a topic without"),
        (
            '[store]\npath = "a\\u0000b"',
            "store.path = 'a\\x00b' is not allowed: the path of a file",
        ),
        (
            "[mqqt]\n",
            "unknown key mqqt; allowed: store, mqtt, bluetooth, detector, dashboard, bands",
        ),
        ("folder = 'x'", "unknown key folder; allowed: store,"),
        ("mqtt = 3", "mqtt = 3 is not allowed: a table [mqtt]"),
        ("bands = 3", "bands = 3 is not allowed: tables [[bands]]"),
        (
            "[dashboard]\nnames = 'x'",
            "dashboard.names = 'x' is not allowed: a list, each of it a host name or an address",
        ),
        (
            "[dashboard]\nnames = ['x', 'a b']",
            "dashboard.names[1] = 'a b' is not allowed: a host name or an address",
        ),
        ("[detector]\ntarget_s = -1", "detector.target_s = -1 is not allowed: seconds, above 0"),
        ("[detector]\nany_posture = 1", "detector.any_posture = 1 is not allowed: true or false"),
        ('[store]\npath = "a\\n"', "store.path = 'a\\n' is not allowed: the path of a file"),
        ('[mqtt]\nbase_topic = "a\\n"', "mqtt.base_topic = 'a\\n' is not allowed: a topic without"),
        (
            '[[bands]]\nid = "a\\n"\naddress = "F0:F1:F2:F3:F4:01"',
            "bands[0].id = 'a\\n' is not allowed: 1 to 32 letters",
        ),
        ('"\\u001b[2J" = 1', "unknown key \\x1b[2J; allowed: store"),
        ("[[bands]]\nid = 'a'", "bands[0].address is missing: an address as `stretchband scan`"),
        (
            "[[bands]]\nid = 'a/b'\naddress = 'F0:F1:F2:F3:F4:01'",
            "bands[0].id = 'a/b' is not allowed",
        ),
        (SMALLEST + "side = 'up'", "bands[0].side = 'up' is not allowed: one of left, right"),
        (SMALLEST + "axes = 'x,y,y'", 'bands[0].axes: axes "x,y,y": three of x, y, z, each once'),
        (SMALLEST + "axes = '-x,y,z'", 'bands[0].axes: axes "-x,y,z" mirror the band'),
        (SMALLEST + "[[bands]]\nid = 'b'\naddress = 'f0:f1:f2:f3:f4:01'", "bands.address F0:F1"),
        ("[mqtt]\npassword = 'hush'", "unknown key mqtt.password; a password belongs in"),
    ],
)
def test_what_is_not_allowed_is_told_with_key_value_and_choice(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refusal(tmp_path, text).startswith(said)


def test_what_is_no_toml_or_no_file_is_one_sentence(tmp_path: Path) -> None:
    assert "is not TOML" in refusal(tmp_path, "[mqtt\n")
    assert refusal(tmp_path, "a = " + "[" * 2000).endswith("is nested too deep")
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")


def test_the_password_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    config = load(write(tmp_path, "[mqtt]\npassword_file = 'secret'"))
    with pytest.raises(ConfigError, match=r"mqtt\.password_file: .*secret cannot be read"):
        config.mqtt_password()
    (tmp_path / "secret").write_text("from-file\n", "utf-8")
    assert config.mqtt_password() == "from-file"
    monkeypatch.setenv(PASSWORD_VARIABLE, "from-environment")
    assert config.mqtt_password() == "from-environment"


def test_a_password_may_be_a_credential_of_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    text = "[mqtt]\npassword_file = '$CREDENTIALS_DIRECTORY/mqtt-password'"
    config = load(write(tmp_path, text))
    with pytest.raises(ConfigError, match="only systemd sets that, by LoadCredential="):
        config.mqtt_password()
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "mqtt-password").write_text("from-systemd\n", "utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    assert config.mqtt_password() == "from-systemd"


@pytest.mark.parametrize("key", ["mqtt.password_file", "mqtt.key_file", "dashboard.password_file"])
def test_a_secret_that_others_can_read_is_found(tmp_path: Path, key: str) -> None:
    table, _, name = key.partition(".")
    config = load(write(tmp_path, f"[{table}]\n{name} = 'secret'"))
    assert config.exposed_secrets() == []
    secret = tmp_path / "secret"
    secret.write_text("hush", "utf-8")
    for mode, exposed in ((0o600, False), (0o640, True), (0o604, True), (0o400, False)):
        secret.chmod(mode)
        assert config.exposed_secrets() == ([secret] if exposed else []), oct(mode)
    if os.geteuid() == 0:  # as systemd's units see root's files
        os.chown(secret, 65534, os.getegid())
        secret.chmod(0o640)
        assert config.exposed_secrets() == []
