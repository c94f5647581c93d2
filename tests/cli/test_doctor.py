"""`stretchband doctor`: each thing that can be wrong is told, with what to do, and no secret."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace

import pytest

from tests import forked
from tests.bands.test_system_radio import bluez, system_bus
from tests.cli.inside import Run
from tests.cli.inside import run as run  # noqa: PLC0414 - a fixture
from tests.daemon.parts import ADDRESS, WAIT_S, band, daemon
from tests.daemon.test_chain import LONG_S, PLAYED, has_heard
from tests.mosquitto import Mosquitto, free_port
from tests.mosquitto import mosquitto as mosquitto  # noqa: PLC0414 - a fixture
from tests.mqtt.certificates import Authority
from tests.mqtt.house import subscriber
from tests.store.filling import BAND, Told, frame, new_store
from tests.store.test_opening import VERSION_1, foreign, version_1
from tracker.bands.bonds import Bond, Bonds, bonds_beside
from tracker.config import BandConfig, load
from tracker.doctor import Finding, State, examine
from tracker.doctor.examination import read_config
from tracker.doctor.history import look_at_band

SECRET = "hunter2-is-the-password"  # noqa: S105 - looked for in what is printed


async def typed(*options: str) -> CompletedProcess[str]:
    env = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "COLUMNS": "400"}
    return await forked.run("tracker", "doctor", *options, env=env)


def write(folder: Path, mqtt: str = "", radio: str = "unix:air", bands: bool = True) -> Path:
    """A config in `folder`."""
    one = f'[[bands]]\nid = "{BAND}"\naddress = "{ADDRESS}"\n' if bands else ""
    file = folder / "tracker.toml"
    file.write_text(
        f'[store]\npath = "history.db"\n[mqtt]\n{mqtt}\n[bluetooth]\nradio = "{radio}"\n{one}',
        "utf-8",
    )
    return file


async def found(file: Path) -> dict[str, Finding]:
    """What is said, by what it is about; where there are several, the worst."""
    findings = await examine(*read_config(file))
    order = list(State)
    return {one.about: one for one in sorted(findings, key=lambda f: order.index(f.state))}


def assert_wrong(finding: Finding, says: str, step: str) -> None:
    assert finding.state is State.WRONG, finding.line
    assert says in finding.says, finding.line
    assert step in (finding.step or ""), finding.line
    assert "\n" not in finding.line


async def test_a_home_in_which_all_is_well_ends_with_status_0(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "20"),
        daemon(tmp_path, mosquitto.port),
    ):
        await house.until(has_heard(house, "hold_started"), LONG_S)
        file = str(tmp_path / "tracker.toml")
        done = await typed("--config", file)
        lines = {line[9:21].strip(): line for line in done.stdout.splitlines()}
        assert done.returncode == 0, done.stdout + done.stderr
        assert not any(line.startswith("wrong") for line in lines.values())
        for about in ("config", "disk", "history", "writing", "bluetooth", "broker", "daemon"):
            assert lines[about].startswith("ok "), done.stdout
        assert "it is running" in lines["daemon"]
        assert "stretchband run is writing it" in lines["writing"]
        assert "last heard just now" in lines[BAND]
        assert done.stderr == ""
        report = await typed("--report", "--config", file)
        assert report.returncode == 0
        assert "stretchband 0" in report.stdout
        assert ADDRESS not in report.stdout
        assert "F0:..:01" in report.stdout


def test_on_a_narrow_terminal_no_word_is_broken(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path)
    usage = SimpleNamespace(free=10**10)  # others write to the disk meanwhile
    monkeypatch.setattr("tracker.doctor.machine.shutil.disk_usage", lambda _: usage)
    whole = run("doctor", "--config", file)
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("TERM", "dumb")  # in black and white
    monkeypatch.setenv("COLUMNS", "100")
    narrow = run("doctor", "--config", file)
    assert narrow.status == whole.status == 1
    assert max(map(len, narrow.out.splitlines())) <= 100 < max(map(len, whole.out.splitlines()))
    assert "".join(narrow.out.split()) == "".join(whole.out.split())
    words = {word for word in whole.out.split() if len(word) < 40}  # a longer path may be broken
    assert words <= set(narrow.out.split())


def test_without_a_config_it_says_where_one_belongs_and_looks_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "COLUMNS": "400",
    }.items():
        monkeypatch.setenv(name, value)
    done = run("doctor")
    assert done.status == 1
    first, *others = done.out.splitlines()
    assert first.startswith("wrong    config       there is none -> copy config/tracker.toml to ")
    assert len(others) >= 5
    assert done.err == ""


@pytest.mark.parametrize(
    ("mqtt", "variables"),
    [
        ('username = "me"\npassword_file = "password"', {}),
        ('username = "me"', {"STRETCHBAND_MQTT_PASSWORD": SECRET}),
        (f'password = "{SECRET}"', {}),
        (f'username = "{SECRET}"\npassword_file = "password"', {}),
        (f'ca_file = "{SECRET}"\npassword_file = "password"', {}),
    ],
)
@pytest.mark.parametrize("options", [(), ("--report",)])
def test_a_secret_is_never_printed(
    mqtt: str,
    variables: dict[str, str],
    options: tuple[str, ...],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n", "utf-8")
    file = write(tmp_path, f"port = {free_port()}\n{mqtt}")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = run("doctor", "--config", file, *options)
    assert done.status == 1
    assert SECRET not in done.out + done.err
    assert "broker" in done.out


async def test_a_broker_that_is_not_there_refuses_or_says_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    says = (await found(write(tmp_path, f"port = {port}")))["broker"]
    step = "start the broker there, or set mqtt.host"
    assert_wrong(says, f"nothing listens at 127.0.0.1:{port}", step)
    says = (await found(write(tmp_path, 'host = "no.such.host.invalid"')))["broker"]
    assert_wrong(says, "the host 'no.such.host.invalid' is not known", "check mqtt.host")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    (folder / "nobody").touch()
    closed = Mosquitto(folder, "allow_anonymous false", f"password_file {folder / 'nobody'}")
    closed.start()
    try:
        says = (await found(write(tmp_path, f"port = {closed.port}")))["broker"]
        assert_wrong(says, "lets nobody in without a name", "set mqtt.username")
        monkeypatch.setenv("STRETCHBAND_MQTT_PASSWORD", SECRET)
        says = (await found(write(tmp_path, f'port = {closed.port}\nusername = "me"')))["broker"]
        assert_wrong(says, "refuses user 'me'", "wrong user name or password")
    finally:
        closed.kill()
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        began_s = time.monotonic()
        says = (await found(write(tmp_path, f"port = {mute.getsockname()[1]}")))["broker"]
        assert_wrong(says, "", "")
        assert time.monotonic() - began_s < WAIT_S  # 8 s and what a loaded machine adds


@pytest.mark.parametrize(
    ("days", "state", "says"),
    [
        (1, State.WARNING, "its certificate ends in 1 days"),
        (90, State.OK, "over MQTT 5, TLS"),
        (-1, State.WRONG, "certificate has expired"),
    ],
)
async def test_the_brokers_certificate_is_looked_at(
    tmp_path: Path, days: int, state: State, says: str
) -> None:
    authority = Authority(tmp_path, "ca", days=400)
    certificate, key = authority.issue("broker", "127.0.0.1", days=days)
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder, "allow_anonymous true", f"certfile {certificate}", f"keyfile {key}")
    broker.start()
    try:
        file = write(tmp_path, f'port = {broker.port}\nca_file = "{authority.file}"')
        finding = (await found(file))["broker"]
        assert (finding.state, says in finding.says) == (state, True), finding.line
        stranger = Authority(tmp_path, "stranger", days=400)
        file = write(tmp_path, f'port = {broker.port}\nca_file = "{stranger.file}"')
        if state is not State.WRONG:
            assert_wrong((await found(file))["broker"], "is not trusted", "check mqtt.ca_file")
    finally:
        broker.kill()


async def test_a_certificate_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    says = (await found(write(tmp_path, 'ca_file = "missing.crt"')))["broker"]
    assert_wrong(says, "missing.crt cannot be used", "")


async def test_the_system_radio_is_looked_up_on_the_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("BlueZ and D-Bus are Linux's")
    from dbus_fast import Variant

    switches = tmp_path / "rfkill"
    monkeypatch.setattr("tracker.bands.missing_radio.RFKILL", switches)
    file = write(tmp_path, f"port = {free_port()}", radio="system")

    async def radio() -> Finding:
        return (await found(file))["bluetooth"]

    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    assert_wrong(await radio(), "there is no D-Bus system bus", "install the packages dbus")
    off = {"Roles": Variant("as", ["central"]), "Powered": Variant("b", False)}
    async with system_bus(tmp_path, monkeypatch) as bus:
        assert_wrong(await radio(), "(bluetoothd) is not running", "install the package bluez")
        async with bluez(bus, {}):
            assert_wrong(await radio(), "no Bluetooth adapter was found", "plug one in")
        async with bluez(bus, {"/org/bluez/hci0": off}):
            assert_wrong(await radio(), "is switched off", "rfkill unblock bluetooth")
            (switches / "rfkill0").mkdir(parents=True)
            for name, text in (("type", "bluetooth"), ("soft", "0"), ("hard", "1")):
                (switches / "rfkill0" / name).write_text(f"{text}\n")
            assert_wrong(await radio(), "off by a switch of the machine", "use its key")
        async with bluez(bus, {"/org/bluez/hci0": {**off, "Powered": Variant("b", True)}}):
            finding = await radio()
            assert (finding.state, finding.says) == (State.OK, "the adapter hci0 is on")


async def test_a_radio_of_our_own_without_its_library_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.doctor.bluetooth.find_spec", lambda _name: None)
    says = await found(write(tmp_path, f"port = {free_port()}", "usb:0"))
    assert_wrong(says["bluetooth"], "needs Bumble, which is not installed", "stretchband[sim]")


async def test_an_air_that_nobody_listens_on_is_told(tmp_path: Path) -> None:
    says = await found(write(tmp_path, f"port = {free_port()}", f"unix:{tmp_path / 'air'}"))
    assert_wrong(says["bluetooth"], "no radio listens at unix:", "start")


async def test_a_history_that_cannot_be_used_is_told_and_not_touched(tmp_path: Path) -> None:
    file = write(tmp_path, f"port = {free_port()}")
    path = tmp_path / "history.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    assert_wrong((await found(file))["history"], "history.db is ", "")
    path.unlink()
    before = foreign(path).read_bytes()
    assert_wrong((await found(file))["history"], "another program's database", "another file")
    assert path.read_bytes() == before
    path.unlink()
    assert VERSION_1.exists()
    version_1(path)
    finding = (await found(file))["history"]
    assert (finding.state, "of an older version" in finding.says) == (State.WARNING, True)
    assert (await found(file))["history"].state is State.WARNING  # it was not brought up to date


async def test_damage_inside_a_history_is_found(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    store = new_store(path)
    store.add(BAND, [frame(seq) for seq in range(2000)], Told().session(10.0), None)
    store.close()
    whole = path.read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:middle] + b"\xa5" * 4096 + whole[middle + 4096 :])
    assert_wrong(
        (await found(write(tmp_path, f"port = {free_port()}")))["history"],
        "damaged",
        "restore a copy",
    )


async def test_a_locked_history_is_told(tmp_path: Path) -> None:
    new_store(tmp_path / "history.db").close()
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        says = (await found(write(tmp_path, f"port = {free_port()}")))["writing"]
    assert_wrong(says, "is locked by another program", "end that program")


async def test_a_disk_that_is_nearly_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, f"port = {free_port()}")
    for free, state in ((10**9, State.OK), (10**8, State.WARNING), (10**6, State.WRONG)):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr("tracker.doctor.machine.shutil.disk_usage", lambda _, u=usage: u)
        disk = (await found(file))["disk"]
        assert disk.state is state
        assert (disk.step is None) == (state is State.OK)


async def test_a_clock_behind_the_newest_sample_is_told_and_a_band_that_is_silent(
    tmp_path: Path,
) -> None:
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [replace(frame(0), received_s=time.time() - 10 * 86400)], [], None)
    file = write(tmp_path, f"port = {free_port()}")
    findings = await found(file)
    assert findings[BAND].state is State.WARNING
    assert findings[BAND].says == "last heard 10 days ago"
    store.add(BAND, [replace(frame(1), received_s=time.time() + 86400)], [], None)
    store.close()
    assert_wrong((await found(file))["clock"], "but the newest sample came at", "set-ntp")


def test_a_config_without_a_band_is_wrong_and_one_that_others_can_read_is_not_well(
    tmp_path: Path,
) -> None:
    _, finding = read_config(write(tmp_path, bands=False))
    assert_wrong(finding, "names no [[bands]]", "`stretchband scan`")
    (tmp_path / "password").write_text(SECRET, "utf-8")
    (tmp_path / "password").chmod(0o644)
    file = write(tmp_path, 'password_file = "password"')
    config, finding = read_config(file)
    assert (config, finding.state) == (load(file), State.WARNING)
    assert finding.step == f"chmod 600 {tmp_path / 'password'}"


@pytest.mark.parametrize(
    ("trouble", "says", "step"),
    [
        (
            f"{BAND} no longer knows this computer: press its button and run stretchband pair.",
            "no longer knows this computer, last heard just now",
            "press its button and run stretchband pair",
        ),
        (f"{BAND} is not heard; is it charged?", "is not heard, last heard just now", "charge it"),
        (f"{BAND}: br-connection-canceled.", "br-connection-canceled, last", "charge it"),
    ],
)
def test_what_the_daemon_has_with_a_band_is_told_with_what_to_do(
    trouble: str, says: str, step: str
) -> None:
    band = BandConfig(id=BAND, address=ADDRESS)
    finding = look_at_band(band, time.time(), 90, trouble)
    assert finding.state is State.WARNING
    assert finding.says.startswith(says)
    assert (finding.step or "").startswith(step)


async def test_a_lost_bond_is_among_what_is_found(tmp_path: Path, mosquitto: Mosquitto) -> None:
    bonds = Bonds(bonds_beside(tmp_path / "history.db"))
    bonds.keep(ADDRESS, Bond(bytes(16), proven=True))
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "20"),
        daemon(tmp_path, mosquitto.port),
    ):
        await house.until(
            lambda: any(b"no longer knows" in heard.payload for heard in house.heard), LONG_S
        )
        finding = (await found(tmp_path / "tracker.toml"))[BAND]
        assert finding.says.startswith("no longer knows this computer, never heard")
        assert finding.step == f"press its button and run stretchband pair {BAND}"
