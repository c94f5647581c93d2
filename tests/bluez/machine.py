"""A booted Debian with bluetoothd and a virtual adapter: QEMU by software alone, no network."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import signal
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.bluez.image import HERE, Image
from tests.mosquitto import HOST, free_port

ROOT: Final = HERE.parents[1]
PYTHON: Final = "/opt/venv/bin/python"
BLUETOOTHD: Final = "/usr/libexec/bluetooth/bluetoothd"
# Software emulation on a machine that does other things as well.
BOOT_S: Final = 180.0
RUN_S: Final = 120.0
# no_timer_check: on a busy machine the emulated timer is late, which the kernel takes for broken.
KERNEL: Final = (
    "console=ttyS0 loglevel=4 panic=1 no_timer_check tsc=reliable nokaslr audit=0 "
    "mitigations=off random.trust_cpu=on"
)
# No terminals to log in at, which would wait for devices that nobody announces; nothing to renew.
_SYSTEMD: Final = " stretchband.systemd systemd.getty_auto=0 systemd.condition_needs_update=0 "


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and all that it said."""

    status: int
    said: str


@dataclass(frozen=True, slots=True)
class Running:
    """A process in the machine that goes on; what it says is kept in `log`."""

    machine: Machine
    pid: int
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    async def until_said(self, words: str, times: int = 1) -> None:
        """Wait until these words have been said so often."""
        async with asyncio.timeout(RUN_S):
            while self.said.count(words) < times:  # noqa: ASYNC110 - a file, which tells nobody
                await asyncio.sleep(0.2)

    async def send(self, number: int) -> None:
        await self.machine.ask(signal=number, pid=self.pid)

    async def wait(self, limit_s: float = RUN_S) -> int:
        """Its exit status, or the signal it died of, negative."""
        status: int = (await self.machine.ask(wait=self.pid, limit_s=limit_s))["status"]
        return status


class Machine:
    """What can be asked of it from outside.

    share:     a folder that both sides see, there as /share.
    mqtt_port: out here, leads to port 1883 in there.
    """

    def __init__(self, share: Path, mqtt_port: int) -> None:
        self.share = share
        self.mqtt_port = mqtt_port
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._writer: StreamWriter | None = None
        self._there = asyncio.Event()
        self._bluetoothd: Running | None = None
        self._adapter: Running | None = None

    async def run(self, *argv: str, user: str | None = None, limit_s: float = RUN_S) -> Done:
        """Run to its end."""
        told = await self.ask(run=argv, user=user, limit_s=limit_s)
        return Done(told["status"], told["out"])

    async def sh(self, script: str) -> str:
        """What a shell script says that succeeds."""
        done = await self.run("sh", "-c", script)
        assert done.status == 0, done
        return done.said

    async def start(self, name: str, *argv: str, user: str | None = None) -> Running:
        """Start; its log is called by the name."""
        log = self.share / f"{name}.log"
        told = await self.ask(start=argv, log=f"/share/{log.name}", user=user)
        return Running(self, told["pid"], log)

    async def plug_in(self) -> None:
        """Put an adapter in; bluetoothd, if it runs, powers it."""
        self._adapter = await self.start("adapter", PYTHON, "/share/guest/adapter.py", "/run/air")
        await self.until("[ -e /sys/class/bluetooth/hci0 ]")
        if self._bluetoothd is not None:
            await self.powered()

    async def pull_out(self) -> None:
        """Take the adapter away."""
        assert self._adapter is not None
        await self._adapter.send(signal.SIGKILL)
        await self._adapter.wait()

    async def start_bluetoothd(self) -> None:
        """BlueZ's daemon; it powers the adapter."""
        self._bluetoothd = await self.start("bluetoothd", BLUETOOTHD, "--nodetach")
        await self.powered()

    async def powered(self) -> None:
        """Once bluetoothd has switched the adapter on."""
        await self.until("bluetoothctl show | grep -q 'Powered: yes'")

    @property
    def bluetoothd(self) -> Running:
        """The one that runs."""
        assert self._bluetoothd is not None
        return self._bluetoothd

    async def stop_bluetoothd(self) -> None:
        """As `systemctl stop bluetooth` does."""
        await self.bluetoothd.send(signal.SIGTERM)
        await self.bluetoothd.wait()
        self._bluetoothd = None

    async def until(self, script: str) -> None:
        """Wait until a shell script succeeds."""
        await self.sh(f"until {script}; do sleep 0.2; done")

    async def ask(self, **asked: object) -> dict[str, Any]:
        """See guest/shell.py."""
        await self._there.wait()
        assert self._writer is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"id": number, **asked}).encode() + b"\n")
        told: dict[str, Any] = await answer
        assert "error" not in told, (asked, told)
        return told

    async def closed(self) -> None:
        """Once QEMU has ended."""
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def answers(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Its shell's line, as QEMU connects it."""
        self._writer = writer
        async for line in reader:
            told = json.loads(line)
            if told["id"] == 0:
                self._there.set()
            else:
                self._answers.pop(told["id"]).set_result(told)


@asynccontextmanager
async def booted(
    image: Image, folder: Path, air: Path, *, systemd: bool = False
) -> AsyncIterator[Machine]:
    """A machine whose adapter will be on the air that a hub serves at this path.

    systemd: is its first process; otherwise it has none.
    """
    share = folder / "share"
    await asyncio.to_thread(_fill, share)
    if systemd:
        await asyncio.to_thread(_add_wheel, share)
    machine = Machine(share, free_port())
    server = await asyncio.start_unix_server(machine.answers, folder / "shell")
    console = folder / "console.log"
    with console.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *_qemu(image, machine, folder / "shell", air, _SYSTEMD if systemd else ""),
            stdin=DEVNULL, stdout=sink, stderr=STDOUT,
        )  # fmt: skip
    try:
        if not await _answers(machine, process):
            pytest.fail(f"it does not boot: {console.read_text('utf-8', 'replace')[-3000:]}")
        yield machine
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        server.close()
        await machine.closed()


async def _answers(machine: Machine, process: Process) -> bool:
    """Once it has booted, or ended, or taken too long."""
    asked = asyncio.create_task(machine.ask(run=["true"]))
    ended = asyncio.create_task(process.wait())
    done, late = await asyncio.wait((asked, ended), timeout=BOOT_S, return_when="FIRST_COMPLETED")
    for task in late:
        task.cancel()
    return asked in done


def _fill(share: Path) -> None:
    """The programs of the machine's side, and stretchband as it is installed from this tree."""
    app = share.parent / "app"
    shutil.copytree(HERE / "guest", share / "guest")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--no-compile", "--target", app, ROOT),
        ],
        check=True,
    )
    shutil.make_archive(str(share / "app"), "tar", app)  # many small files take long over there


def _add_wheel(share: Path) -> None:
    """What is installed as docs/security.md says, and the files that are put beside it."""
    shutil.copytree(ROOT / "config", share / "config")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", share, ROOT),
        ],
        check=True,
    )


def _qemu(image: Image, machine: Machine, shell: Path, air: Path, more: str) -> list[str]:
    devices = [
        f"-drive file={image.disk},format=raw,if=none,id=disk,snapshot=on",
        "-device virtio-blk-pci,drive=disk",
        f"-fsdev local,id=share,path={machine.share},security_model=none",
        "-device virtio-9p-pci,fsdev=share,mount_tag=share",
        "-object rng-random,id=random,filename=/dev/urandom -device virtio-rng-pci,rng=random",
        # Nothing gets out; the broker in there is reached from this machine alone.
        f"-netdev user,id=net,restrict=on,hostfwd=tcp:{HOST}:{machine.mqtt_port}-:1883",
        "-device virtio-net-pci,netdev=net,romfile= -device virtio-serial-pci",
        f"-chardev socket,id=shell,path={shell} -device virtserialport,chardev=shell,name=shell",
        f"-chardev socket,id=air,path={air} -device virtserialport,chardev=air,name=air",
    ]
    return [
        *("nice", "-n", "5", "qemu-system-x86_64"),
        *("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2", "-m", "1024"),
        *("-M", "q35", "-nodefaults", "-no-user-config", "-no-reboot"),
        *("-display", "none", "-monitor", "none", "-serial", "stdio"),
        *(word for device in devices for word in device.split()),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", f"{KERNEL}{more}"),
    ]
