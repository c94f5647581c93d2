"""Which doors stand open while the programs run? Looked at from outside, in the kernel's tables."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.daemon.parts import ADDRESS
from tests.mosquitto import Mosquitto
from tests.mosquitto import mosquitto as mosquitto  # noqa: PLC0414 - a fixture
from tests.mqtt.house import subscriber
from tests.test_service import band_on_tcp, has_frames

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
LISTENS, HERE_4, HERE_6 = "0A", "0100007F", "00000000000000000000000001000000"
STRETCHBAND = ("-c", "from tracker.cli import main; main()")


def listening(pid: int) -> set[tuple[str, int]]:
    """(address as the kernel writes it, port) of the TCP sockets a process listens on; UDP too."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(fd.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[9] in inodes and (fields[3] == LISTENS or table.startswith("udp")):
                address, _, port = fields[1].partition(":")
                found.add((address, int(port, 16)))
    return found


@asynccontextmanager
async def running(*words: str, until: bytes, stream: str = "stdout") -> AsyncIterator[int]:
    """A program, once it has said so; its process id. Told to end, so that its parts end too."""
    pipe = {stream: asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(sys.executable, *words, **pipe)  # type: ignore[arg-type]
    try:
        reader = process.stdout if stream == "stdout" else process.stderr
        assert reader is not None
        async with asyncio.timeout(60):
            while until not in (line := await reader.readline()):
                assert line, "it ended"
        yield process.pid
    finally:
        process.terminate()
        try:
            async with asyncio.timeout(30):
                await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def config_of(folder: Path, port: int, radio: str) -> Path:
    config = folder / "tracker.toml"
    config.write_text(
        f'[store]\npath = "new/house/history.db"\n[mqtt]\nport = {port}\n'
        f'[bluetooth]\nradio = "{radio}"\n[[bands]]\nid = "band1"\naddress = "{ADDRESS}"\n'
    )
    return config


async def test_the_daemon_opens_no_port_and_keeps_its_files_to_itself(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    before = os.umask(0)  # whatever the user's own is
    try:
        async with band_on_tcp(tmp_path) as radio, subscriber(mosquitto.port) as house:
            config = config_of(tmp_path, mosquitto.port, radio)
            words = (*STRETCHBAND, "run", "--config", str(config))
            async with running(*words, until=b"connected to the broker", stream="stderr") as pid:
                await house.until(lambda: has_frames(house), 60)
                assert listening(pid) == set()
                kept = {
                    one.name: stat.S_IMODE(one.stat().st_mode)
                    for one in (tmp_path / "new" / "house").iterdir()
                }
    finally:
        os.umask(before)
    assert kept.keys() >= {"history.db", "history.db-wal", "history.db-shm", "history.db.lock"}
    assert set(kept.values()) == {0o600}, kept
    for folder in (tmp_path / "new", tmp_path / "new" / "house"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_the_page_listens_on_this_machine_alone(mosquitto: Mosquitto, tmp_path: Path) -> None:
    config = config_of(tmp_path, mosquitto.port, "system")
    words = (*STRETCHBAND, "dashboard", "--port", "0", "--config", str(config))
    async with running(*words, until=b"the page is on") as pid:
        assert {address for address, _ in listening(pid)} == {HERE_4}
        assert len(listening(pid)) == 1


async def test_the_demo_listens_on_this_machine_alone(tmp_path: Path) -> None:
    words = ("demo", "--no-browser", "--port", "0", "--db", str(tmp_path / "demo.db"))
    async with running(*STRETCHBAND, *words, until=b"http://") as pid:
        ports = listening(pid)
    assert ports
    assert {address for address, _ in ports} <= {HERE_4, HERE_6}


@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_the_simulated_band_listens_on_this_machine_alone(tmp_path: Path, kind: str) -> None:
    where = "tcp:127.0.0.1:0" if kind == "tcp" else f"unix:{tmp_path / 'air'}"
    async with running("-m", "firmware_sim", "--listen", where, until=b"ready") as pid:
        ports = listening(pid)
        if kind == "tcp":
            assert {address for address, _ in ports} == {HERE_4}
        else:
            assert ports == set()
            assert stat.S_IMODE((tmp_path / "air").stat().st_mode) == 0o600


async def test_what_listens_everywhere_would_be_seen() -> None:
    """Else the tests above could not fail."""
    server = await asyncio.start_server(lambda _r, _w: None, "0.0.0.0", 0)  # noqa: S104
    async with server:
        assert {address for address, _ in listening(os.getpid())} >= {"00000000"}
