"""One boot for all deep tests, one more with systemd, and a band of its own for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from firmware_sim.air import Air
from firmware_sim.hub import Hub
from tests.bluez.home import Home
from tests.bluez.image import image
from tests.bluez.machine import Machine, booted
from tests.bluez.service import Service
from tests.mqtt.house import subscriber

FIGURES = pytest.StashKey[list[str]]()


@dataclass(frozen=True, slots=True)
class World:
    """The machine, the air that its adapter is on, and the name of that air's hub."""

    machine: Machine
    air: Air
    hub: str


@asynccontextmanager
async def an_air(folder: Path, *, systemd: bool = False) -> AsyncIterator[World]:
    """A machine that is booted, its adapter not yet plugged in."""
    with image() as made:
        air = Air()
        hub = Hub(air)
        name = await hub.listen(f"unix:{folder / 'air'}")
        try:
            async with booted(made, folder, folder / "air", systemd=systemd) as machine:
                yield World(machine, air, name)
        finally:
            await hub.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Booted, with D-Bus, Mosquitto, an adapter and bluetoothd."""
    async with an_air(tmp_path_factory.mktemp("machine")) as world:
        machine = world.machine
        await machine.start("mosquitto", "mosquitto", "-c", "/share/guest/mosquitto.conf")
        await machine.plug_in()
        await machine.start_bluetoothd()
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Booted by systemd, which runs the others, with the unit installed."""
    async with an_air(tmp_path_factory.mktemp("systemd"), systemd=True) as world:
        await world.machine.plug_in()
        await world.machine.powered()
        await Service(world.machine).install()
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def home(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    """A band that BlueZ has not met, in the house of this machine."""
    async with a_home(world, tmp_path, request) as home:
        yield home


@pytest_asyncio.fixture(loop_scope="session")
async def served(
    service_world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Home]:
    """The same beside systemd's machine."""
    async with a_home(service_world, tmp_path, request) as home:
        yield home


@asynccontextmanager
async def a_home(world: World, folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    figures = request.config.stash.setdefault(FIGURES, [])
    async with subscriber(world.machine.mqtt_port) as house:
        yield Home(folder, world.machine, world.air, world.hub, house, figures)
    world.air.restore()
    world.air.fault = None


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What was measured on the way."""
    for figure in config.stash.get(FIGURES, []):
        terminalreporter.write_line(figure)
