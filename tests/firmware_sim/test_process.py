"""`python -m firmware_sim` as others drive it: a process, its lines, its signals, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from bumble import hci
from bumble.core import ConnectionError as LinkError
from bumble.core import TimeoutError as LinkTimeoutError
from bumble.keys import JsonKeyStore, MemoryKeyStore

from firmware_sim.air import Air
from firmware_sim.hub import Hub
from tests.firmware_sim.central import PATIENCE_S, central_by, central_on, seqs, take
from tracker.bands.stretchband import (
    ALERT_LEVEL_UUID,
    HAPTIC_UUID,
    MOTION_UUID,
    Haptic,
    encode_haptic,
)

# 240 frames of a session that is the same each time.
SHORT = ("--listen", "tcp:127.0.0.1:0", "--seed", "3", "--total-s", "120")
START_S = 30.0  # importing alone takes a second, and more on a machine that is busy


class Sim:
    """A running simulated band."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> dict[str, object]:
        """Its next line on standard output."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), START_S)
        said: dict[str, object] = json.loads(line)
        return said

    def tell(self, **word: object) -> None:
        """A line on its standard input; its answer is the next line."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(word).encode() + b"\n")

    async def say(self, **word: object) -> dict[str, object]:
        """The same, and its answer."""
        self.tell(**word)
        return await self.line()

    async def buzz(self) -> tuple[float, str]:
        """The next buzz on standard error: the band's seconds, and what is felt."""
        assert self.process.stderr is not None
        line = await asyncio.wait_for(self.process.stderr.readline(), START_S)
        t_s, felt = line.decode().rstrip().split(" s  bzz ")
        return float(t_s), felt

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; its status and what else it said on standard error."""
        self.process.send_signal(how)
        _, errors = await asyncio.wait_for(self.process.communicate(), PATIENCE_S)
        assert self.process.returncode is not None
        return self.process.returncode, errors.decode()


@asynccontextmanager
async def sim(*arguments: str) -> AsyncIterator[Sim]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim", *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Sim(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def write_recording(path: Path, seconds: float, rate_hz: float = 50.0) -> Path:
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    rows = np.column_stack([t_s, np.sin(t_s), np.cos(t_s), np.zeros(len(t_s))])
    np.savetxt(path, rows, "%.5f", ",", header="time_s,x_g,y_g,z_g", comments="")
    return path


async def test_a_recording_is_played_to_its_end_and_then_still_served(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "r.csv", 20.2)
    async with sim(
        "--listen", f"unix:{tmp_path}/hci", "--recording", str(path), "--speed", "100"
    ) as band:
        assert await band.line() == {
            "ready": True,
            "address": "F0:F1:F2:F3:F4:01",
            "transport": f"unix:{tmp_path}/hci",
        }
        assert await band.line() == {"ended": True, "frames": 41}
        async with central_by(f"unix:{tmp_path}/hci") as central:
            talk = await central.connect()
            frames = await take(await talk.stream(), 41)
            assert (await talk.status()).asleep
        t_s = np.concatenate([f.t_first_ms / 1000 + f.offsets_s for f in frames])
        acc_g = np.concatenate([f.acc_g for f in frames])
        assert np.abs(t_s - np.arange(1010) / 50).max() < 1e-9
        assert np.abs(acc_g[:, 0] - np.sin(t_s)).max() < 2 / 32768 / 2 + 1e-5
        assert await band.stop() == (0, "")
    assert not (tmp_path / "hci").exists()


async def test_a_session_is_streamed_while_it_is_played_and_buzzes_are_shown() -> None:
    async with sim(
        "--listen", "tcp:127.0.0.1:0", "--seed", "3", "--total-s", "160", "--speed", "50",
        "--address", "f0:f1:f2:f3:f4:0a", "--name", "left", "--start-on-connect",
    ) as band:  # fmt: skip
        ready = await band.line()
        assert ready["address"] == "F0:F1:F2:F3:F4:0A"
        name = str(ready["transport"])
        assert name.startswith("tcp-client:127.0.0.1:")
        async with central_by(name) as central:
            talk = await central.connect("F0:F1:F2:F3:F4:0A")
            assert (await talk.status()).now_ms == 0  # nobody has asked yet
            queue = await talk.stream()
            frames = await take(queue, 100)
            assert seqs(frames) == list(range(100))
            await talk.write(ALERT_LEVEL_UUID, b"\x02", response=False)
            t_s, felt = await band.buzz()
            assert felt == "strong"
            assert 48 < t_s < 160
            await talk.write(HAPTIC_UUID, encode_haptic(Haptic(2, 0.15, 0.1)))
            assert (await band.buzz())[1] == "2 x 0.15 s, 0.1 s apart"
            ended = await band.line()  # no other line came before: these two are all
            assert ended["ended"] is True
            rest = await take(queue, int(str(ended["frames"])) - 100)
            assert seqs(frames + rest) == list(range(int(str(ended["frames"]))))
        assert await band.stop(signal.SIGINT) == (0, "")


async def test_a_transport_name_alone_puts_the_band_on_another_radio(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "r.csv", 10.0)
    air = Air()
    hub = Hub(air)
    dongle = await hub.listen(f"unix:{tmp_path}/dongle")
    try:
        async with (
            sim(
                "--transport", dongle, "--recording", str(path), "--speed", "50", "--control"
            ) as band,
            central_on(air) as central,
        ):
            assert (await band.line())["transport"] == dongle
            assert "only an air of its own" in str((await band.say(silent=True))["error"])
            assert not (await band.say())["bonded"]
            talk = await central.connect()
            assert seqs(await take(await talk.stream(), 20)) == list(range(20))
            assert await band.line() == {"ended": True, "frames": 20}
            assert (await band.say())["bonded"]
            assert not (await band.say(forget=True))["bonded"]
            band.process.send_signal(signal.SIGUSR1)
            status, errors = await band.stop()
            assert await asyncio.wait_for(talk.lost, PATIENCE_S)
        assert (status, errors.count("\n")) == (0, 1)
        assert "only an air of its own" in errors
    finally:
        await hub.close()


async def test_a_killed_band_comes_back_with_its_ring_and_another_boot(tmp_path: Path) -> None:
    place = ("--listen", f"unix:{tmp_path}/hci", "--flash", str(tmp_path / "flash"))
    path, keys = write_recording(tmp_path / "r.csv", 60.0), MemoryKeyStore()
    async with sim(*place, "--recording", str(path), "--speed", "20") as band:
        await band.line()
        async with central_by(f"unix:{tmp_path}/hci", keys=keys) as central:
            before = await take(await (await central.connect()).stream(), 20)
            os.kill(band.process.pid, signal.SIGKILL)
            await band.process.wait()
    async with sim(*place, "--recording", str(path), "--speed", "1000") as band:
        await band.line()
        assert await band.line() == {"ended": True, "frames": 120}
        async with central_by(f"unix:{tmp_path}/hci", keys=keys) as central:
            talk = await central.connect()
            status = await talk.status()
            assert status.boot_id == 2
            queue = await talk.subscribe(MOTION_UUID)
            await talk.ask(1, 10)
            after = await take(queue, status.head_seq - 10)
        assert seqs(after) == list(range(10, status.head_seq))
        assert [f.counts.tolist() for f in after[:10]] == [f.counts.tolist() for f in before[10:]]
        assert [f.boot_id for f in after].count(2) == 120
        assert (await band.stop())[0] == 0


async def test_signals_silence_the_air_and_bring_it_back(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "r.csv", 60.0)
    async with sim(
        "--listen", f"unix:{tmp_path}/hci", "--recording", str(path), "--speed", "20"
    ) as band:
        await band.line()
        async with central_by(f"unix:{tmp_path}/hci") as central:
            talk = await central.connect()
            await take(await talk.stream(), 4)
            band.process.send_signal(signal.SIGUSR1)
            reason = await asyncio.wait_for(talk.lost, PATIENCE_S)
            assert reason == hci.HCI_CONNECTION_TIMEOUT_ERROR
            with pytest.raises((LinkError, LinkTimeoutError)):
                await central.connect(timeout_s=0.3)
            band.process.send_signal(signal.SIGUSR2)
            again = await central.connect()
            assert seqs(await take(await again.stream(), 120)) == list(range(120))
        assert (await band.stop())[0] == 0


async def test_a_band_told_to_wake_plays_another_session_on_the_same_clock() -> None:
    async with sim(*SHORT, "--speed", "200", "--control") as band:
        name = str((await band.line())["transport"])
        first = await band.line()
        assert first == {"ended": True, "frames": 240}
        # One after the other without a pause, in which its session could be over.
        band.tell(sleep_s=80_000, seed=4, total_s=130)
        band.tell(sleep_s=1)
        answer = await band.line()
        assert answer["told"] == 1
        assert 80_120 <= float(str(answer["now_s"])) < 82_000
        assert "awake" in str((await band.line())["error"])
        second = await band.line()
        assert second == {"ended": True, "frames": 500}
        async with central_by(name) as central:
            talk = await central.connect()
            frames = await take(await talk.stream(), 500)
        assert seqs(frames) == list(range(500))
        assert {frame.boot_id for frame in frames} == {1}
        jump_s = (frames[240].t_first_ms - frames[239].t_first_ms) / 1000
        assert 80_000 < jump_s < 82_000


async def test_a_clock_told_to_stand_stands_until_a_later_moment_is_said() -> None:
    async with sim(*SHORT, "--speed", "200", "--control") as band:
        await band.line()
        for moment_s, stands_s in ((30.2, 30.2), (20.0, 30.2), (45.1, 45.1)):  # never turned back
            expected = (stands_s, int(2 * stands_s))  # two frames a second
            stood = (0.0, 0)
            while stood < expected:
                told = await band.say(until_s=moment_s)
                stood = (float(str(told["now_s"])), int(str(told["frames"])))
            assert stood == expected
            told = await band.say()
            assert (told["now_s"], told["frames"]) == expected
        band.tell(until_s=1e6)
        assert (await band.line())["told"]
        assert await band.line() == {"ended": True, "frames": 240}


async def test_a_clock_told_to_run_faster_goes_on_from_where_it_was() -> None:
    async with sim(*SHORT, "--speed", "0.001", "--control") as band:
        await band.line()
        assert 0.0 <= float(str((await band.say())["now_s"])) < 0.1
        told = await band.say(speed=500)
        assert 0.0 <= float(str(told["now_s"])) < 0.1
        assert await band.line() == {"ended": True, "frames": 240}
        assert "speed" in str((await band.say(speed=0))["error"])


async def test_many_bands_share_an_air_and_hear_what_is_done_to_it() -> None:
    async with sim(
        *SHORT, "--speed", "100",
        "--bands", "2", "--address", "F0:F1:F2:F3:F4:0F", "--mtu", "100", "--control",
    ) as band:  # fmt: skip
        ready = await band.line()
        assert ready["addresses"] == ["F0:F1:F2:F3:F4:0F", "F0:F1:F2:F3:F4:10"]
        assert await band.line() == {"ended": True, "frames": 480}
        async with central_by(str(ready["transport"])) as central:
            talks = [await central.connect(str(one)) for one in ready["addresses"]]
            assert {talk.connection.att_mtu for talk in talks} == {100}
            assert (await band.say(silent=True))["silent"] is True
            for talk in talks:
                await asyncio.wait_for(talk.lost, PATIENCE_S)
            assert (await band.say(silent=False, refuse=True))["silent"] is False
            with pytest.raises((LinkError, LinkTimeoutError)):
                await central.connect(timeout_s=0.5)
            assert "lose" in str((await band.say(weather={"lose": 2}))["error"])
            assert "rain" in str((await band.say(rain=True))["error"])


async def test_a_killed_central_leaves_the_band_to_the_next(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "r.csv", 20.0)
    async with sim(
        "--listen", f"unix:{tmp_path}/hci", "--recording", str(path), "--speed", "100"
    ) as band:
        await band.line()
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLDER, f"unix:{tmp_path}/hci", f"{tmp_path}/keys"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdout is not None
        assert await asyncio.wait_for(holder.stdout.readline(), START_S) == b"streaming\n"
        holder.kill()
        await holder.communicate()
        keys = JsonKeyStore("holder", f"{tmp_path}/keys")
        async with central_by(f"unix:{tmp_path}/hci", keys=keys) as central:
            talk = await central.connect()
            assert seqs(await take(await talk.stream(), 40)) == list(range(40))


HOLDER = """
import asyncio, sys
from bumble.keys import JsonKeyStore
from tests.firmware_sim.central import central_by, take
async def main():
    async with central_by(sys.argv[1], keys=JsonKeyStore("holder", sys.argv[2])) as central:
        queue = await (await central.connect()).stream()
        await take(queue, 1)
        print("streaming", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "one of the arguments --listen --transport is required"),
        (["--listen", "udp:1"], '"udp:1" is neither unix:PATH nor tcp:127.0.0.1:PORT'),
        (["--listen", "unix:{}/no/hci"], "No such file"),
        (["--listen", "unix:{}/hci", "--speed", "0"], "--speed 0: more than 0"),
        (["--listen", "unix:{}/hci", "--speed", "nan"], "--speed nan: more than 0"),
        (["--listen", "unix:{}/hci", "--address", "here"], "six bytes as in"),
        (["--listen", "unix:{}/hci", "--name", "much too long"], "up to 8 bytes"),
        (["--listen", "unix:{}/hci", "--boot-id", "0"], "--boot-id 0: 1 to 65535"),
        (["--listen", "unix:{}/hci", "--ring-frames", "0"], "--ring-frames 0: at least 1"),
        (["--listen", "unix:{}/hci", "--recording", "{}/none.csv"], "none.csv"),
        (["--listen", "unix:{}/hci", "--recording", "{}/text.csv"], "text.csv: line 1"),
        (["--listen", "unix:{}/hci", "--flash", "{}/text.csv"], "not a band's flash file"),
        (["--listen", "unix:{}/hci", "--recording", "x", "--seed", "1"], "not allowed with"),
        (["--listen", "unix:{}/hci", "--total-s", "9"], "9 s"),
        (["--transport", "carrier-pigeon:1"], "--transport carrier-pigeon:1"),
        (["--listen", "unix:{}/hci", "--mtu", "22"], "--mtu 22: 23 to 517"),
        (["--listen", "unix:{}/hci", "--bands", "0"], "--bands 0: 1 to 255"),
        (["--transport", "usb:0", "--bands", "2"], "an air of its own"),
        (["--listen", "unix:{}/hci", "--bands", "2", "--flash", "x"], "of one band"),
        (["--listen", "unix:{}/hci", "--spede", "2"], "unrecognized arguments: --spede"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_with_status_2(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from firmware_sim.__main__ import main

    (tmp_path / "text.csv").write_text("no recording\n")
    monkeypatch.setattr(sys, "argv", ["firmware_sim", *(a.format(tmp_path) for a in arguments)])
    assert main() == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert said in printed.err
    assert not (tmp_path / "hci").exists()
