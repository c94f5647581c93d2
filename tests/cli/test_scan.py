"""`stretchband scan`, as it is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests import forked
from tests.daemon.parts import band
from tracker.bands.bonds import Bond, Bonds


async def scan(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", **variables}
    return await forked.run("tracker", "scan", *options, env=env)


@asynccontextmanager
async def simulated(folder: Path, *options: str) -> AsyncIterator[str]:
    """A simulated band on an air of its own; Bumble's name for it."""
    async with band(folder, *options):
        yield f"unix:{folder / 'air'}"


@pytest_asyncio.fixture
async def air(tmp_path: Path) -> AsyncIterator[str]:
    """A simulated band with its usual name."""
    async with simulated(tmp_path) as where:
        yield where


async def test_a_band_near_by_is_shown_with_the_line_for_the_config(air: str) -> None:
    done = await scan("--radio", air, "--seconds", "1")
    assert done.returncode == 0
    assert "F0:F1:F2:F3:F4:01" in done.stdout
    assert "-50 dBm" in done.stdout
    assert '[[bands]] id = "band1", address = "F0:F1:F2:F3:F4:01"' in done.stdout
    assert done.stderr == ""


async def test_the_radio_is_the_one_that_the_config_names(air: str, tmp_path: Path) -> None:
    config = tmp_path / "tracker.toml"
    config.write_text(f'[bluetooth]\nradio = "{air}"\n')
    done = await scan("--config", str(config), "--seconds", "1")
    assert done.returncode == 0
    assert "F0:F1:F2:F3:F4:01" in done.stdout


async def test_a_band_that_is_bonded_to_this_computer_is_shown_to_be(
    air: str, tmp_path: Path
) -> None:
    config, file = tmp_path / "tracker.toml", tmp_path / "history.db.bonds"
    config.write_text(f'[store]\npath = "history.db"\n[bluetooth]\nradio = "{air}"\n')
    done = await scan("--config", str(config), "--seconds", "1")
    assert "yes" in done.stdout
    assert "bonded" not in done.stdout
    assert not file.exists()
    Bonds(file).keep("F0:F1:F2:F3:F4:01", Bond(bytes(16)))
    assert "yes, bonded" in (await scan("--config", str(config), "--seconds", "1")).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is Linux's")
def test_without_bluetooth_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    env = {
        **os.environ,
        "XDG_CONFIG_HOME": "/nonexistent",
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path / 'none'}",
    }
    command = [sys.executable, "-m", "tracker", "scan"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "stretchband: there is no D-Bus system bus, by which Bluetooth is reached on Linux: "
        "install the packages dbus and bluez and start the service bluetooth, "
        'or name another radio as "radio" in [bluetooth]\n'
    )


async def test_a_radio_that_cannot_be_had_is_one_sentence(tmp_path: Path) -> None:
    done = await scan("--radio", f"unix:{tmp_path / 'none'}")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith('stretchband: no simulated band answers at "unix:')
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "shown"), [("\x1b[2J\x07\n", r"\x1b[2J\x07\n"), ("[red]x[/", "[red]x[/")]
)
async def test_a_hostile_name_steers_no_terminal(tmp_path: Path, name: str, shown: str) -> None:
    async with simulated(tmp_path, "--name", name) as air:
        done = await scan("--radio", air, "--seconds", "1", FORCE_COLOR="1", COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout
    if name.startswith("\x1b"):
        assert name[:4] not in done.stdout
