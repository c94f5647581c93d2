"""`stretchband pair`, as it is typed, beside a simulated band and beside the daemon."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests import forked
from tests.bands.rig import ADDRESS
from tests.daemon.parts import WAIT_S, Part, band, configure, daemon, part
from tests.faults.home import eventually
from tests.mosquitto import Mosquitto
from tests.mosquitto import mosquitto as mosquitto  # noqa: PLC0414 - a fixture
from tracker.bands.bonds import Bond, Bonds, bonds_beside
from tracker.bands.renewal import Renewal
from tracker.cli.pair import PairingError, in_words
from tracker.config import BandConfig

PAIRED = "band1 is bonded to this computer now.\n"
ALREADY = "band1 is bonded to this computer already; nothing was changed.\n"
LOST = "band1 no longer knows this computer: press its button and run stretchband pair band1."
SLEEPER = ("--control", "--total-s", "120", "--speed", "500")


async def typed(folder: Path, *words: str) -> CompletedProcess[str]:
    return await forked.run("tracker", "pair", *words, "--config", str(folder / "tracker.toml"))


async def pairs(folder: Path) -> str:
    done = await typed(folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


async def refuses(folder: Path, *words: str) -> str:
    done = await typed(folder, *words)
    assert done.returncode != 0, done.stdout
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("stretchband: ")
    return done.stderr.removeprefix("stretchband: ").rstrip()


async def bonded(one: Part) -> bool:
    return bool((await one.say())["bonded"])


def bonds(folder: Path) -> Bonds:
    return Bonds(bonds_beside(folder / "history.db"))


async def test_a_new_band_is_paired_with_and_then_there_is_nothing_to_do(tmp_path: Path) -> None:
    configure(tmp_path, 1)
    async with band(tmp_path, *SLEEPER) as one:
        assert not await bonded(one)
        assert await pairs(tmp_path) == PAIRED
        assert await bonded(one)
        known = bonds(tmp_path).get(ADDRESS)
        assert known is not None
        assert known.proven
        assert await pairs(tmp_path) == ALREADY
        assert bonds(tmp_path).get(ADDRESS) == known


async def test_a_band_with_a_new_flash_is_paired_anew(tmp_path: Path) -> None:
    configure(tmp_path, 1)
    async with band(tmp_path, *SLEEPER):
        assert await pairs(tmp_path) == PAIRED
    before = bonds(tmp_path).get(ADDRESS)
    async with band(tmp_path, *SLEEPER):
        assert await pairs(tmp_path) == PAIRED
    assert bonds(tmp_path).get(ADDRESS) != before


async def test_a_band_of_another_computer_wants_its_button(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        configure(folder, 1)
    (second / "air").symlink_to(first / "air")
    async with band(first, *SLEEPER) as one:
        assert await pairs(first) == PAIRED
        assert await refuses(second) == (
            "band1 refuses: it is bonded to another computer, or was. Press its button, and run "
            "this again within a minute."
        )
        await one.say(button=True)
        assert await pairs(second) == PAIRED


@pytest.mark.parametrize("level", ["info", "debug"])
async def test_the_daemon_says_of_another_computers_band_one_sentence_and_no_more(
    level: str, tmp_path: Path
) -> None:
    """Bumble has a word of its own for it."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        configure(folder, 1)
    (second / "air").symlink_to(first / "air")
    words = ("-m", "tracker", "run", "--log", level, "--config", str(second / "tracker.toml"))
    async with band(first, *SLEEPER):
        assert await pairs(first) == PAIRED
        async with part(second / "daemon.log", *words) as running:
            await eventually(lambda: "bonded to another computer" in running.said, WAIT_S)
            assert await running.end() == 0
        said = [line for line in running.said.lower().split("\n") if "pair" in line]
        assert len(said) == 1, said


async def test_without_a_radio_one_sentence_says_so(tmp_path: Path) -> None:
    configure(tmp_path, 1)
    assert (await refuses(tmp_path)).startswith("no simulated band answers at ")


async def test_which_band_is_asked_where_there_are_several(tmp_path: Path) -> None:
    configure(tmp_path, 1, bands=2)
    assert await refuses(tmp_path) == "say which band; the config has band1, band2"
    assert (await refuses(tmp_path, "band3")).startswith("there is no band 'band3'; the config")
    configure(tmp_path, 1, bands=0)
    assert (await refuses(tmp_path)).startswith("the config names no [[bands]]; `stretchband scan`")


async def test_keys_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    configure(tmp_path, 1)
    bonds_beside(tmp_path / "history.db").write_text("{")
    assert "does not hold the keys of bands" in await refuses(tmp_path)


@pytest.mark.parametrize("running", [False, True])
def test_who_is_not_heard_is_told(running: bool) -> None:
    band = BandConfig(id="band1", address=ADDRESS)
    with pytest.raises(PairingError) as told:
        in_words(Renewal.NOT_HEARD, band, running=running)
    begins = "If stretchband run is connected to it" if running else "is it charged, within"
    assert begins in str(told.value)


async def test_the_daemon_says_once_that_the_bond_is_lost_and_reads_on_after_pairing(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    configure(tmp_path, 1)
    async with band(tmp_path, *SLEEPER):
        assert await pairs(tmp_path) == PAIRED
    async with band(tmp_path, *SLEEPER) as one, daemon(tmp_path, mosquitto.port) as running:
        await eventually(lambda: LOST in running.said, WAIT_S)
        assert not await bonded(one)
        assert await pairs(tmp_path) == PAIRED
        assert await bonded(one)
        await eventually(lambda: frames(tmp_path) > 0, WAIT_S)
        assert running.said.count(LOST) == 1
        assert "Traceback" not in running.said
        assert await running.end() == 0


def frames(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "history.db")) as db:
        (count,) = db.execute("SELECT count(*) FROM frames").fetchone()
    return int(count)


async def eventually_bonded(one: Part) -> None:
    async with asyncio.timeout(WAIT_S):
        while not await bonded(one):  # noqa: ASYNC110 - of another process, which tells nobody
            await asyncio.sleep(0.05)


KILLED_WHILE_PAIRING = """
import os, signal
from tracker.bands.bonds import Bonds
keep = Bonds.keep
def kill(self, band, bond):
    WHEN
    os.kill(os.getpid(), signal.SIGKILL)
Bonds.keep = kill
from tracker.cli import main
main()
"""


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_daemon_killed_while_pairing_is_not_locked_out(
    when: str, tmp_path: Path, mosquitto: Mosquitto
) -> None:
    program = tmp_path / "killed.py"
    keeping = "keep(self, band, bond)" if when == "after" else "pass"
    program.write_text(KILLED_WHILE_PAIRING.replace("WHEN", keeping), "utf-8")
    config = configure(tmp_path, mosquitto.port)
    async with band(tmp_path, *SLEEPER) as one:
        async with part(
            tmp_path / "killed.log", str(program), "run", "--config", str(config)
        ) as killed:
            async with asyncio.timeout(WAIT_S):
                assert await killed.process.wait() == -9, killed.said
        known = bonds(tmp_path).get(ADDRESS)
        assert known is None if when == "before" else isinstance(known, Bond)
        assert not await bonded(one)
        async with daemon(tmp_path, mosquitto.port) as running:
            await eventually_bonded(one)
            await eventually(lambda: frames(tmp_path) > 0, WAIT_S)
            assert "bond" not in running.said
