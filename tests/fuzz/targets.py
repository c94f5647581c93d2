"""What comes from outside, each door with the only errors that it may answer with.

The same targets are run by Hypothesis in the suite (`test_targets.py`) and by atheris, guided by
coverage, for as long as one likes (`make fuzz`). A target returns, or raises what is wrong with us.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import zipfile
from binascii import crc_hqx
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import h11
import msgspec
from bumble.hci import Address as HCIAddress

from firmware_sim.air import Air
from firmware_sim.flash import Flash, FlashError
from firmware_sim.hub import _Client
from tests.fuzz.seeds import history
from tests.store.filling import ADDRESS
from tracker.bands.bonds import Bond, Bonds
from tracker.bands.reader import LogReader
from tracker.bands.stretchband import (
    MAX_SAMPLES,
    MAX_STEP,
    MIN_STEP,
    FrameError,
    decode_battery,
    decode_control,
    decode_frame,
    decode_haptic,
    decode_status,
    encode_control,
    encode_frame,
    encode_haptic,
    encode_status,
)
from tracker.config import load
from tracker.doctor.broker import _daemon, _health
from tracker.errors import StretchbandError
from tracker.export.archive import DATABASE, MANIFEST, VERSION, Manifest, unpack
from tracker.mqtt.asking import _lesson
from tracker.mqtt.commands import Command, Gate, parse
from tracker.mqtt.settings import MqttSettings
from tracker.mqtt.topics import ONLINE, Topics
from tracker.recordings import read
from tracker.web.access import Door
from tracker.web.app import application
from tracker.web.feed import Feed

CAPACITY = 16


def frame(data: bytes, folder: Path) -> None:
    """A notification; and the same bytes with a right version and check sum."""
    for one in (data, _sealed(data)):
        try:
            found = decode_frame(one)
        except FrameError:
            continue
        assert encode_frame(found) == one
        assert 1 <= len(found.counts) <= MAX_SAMPLES
        assert MIN_STEP <= found.step <= MAX_STEP
        assert abs(found.acc_g).max() <= 16


def _sealed(data: bytes) -> bytes:
    body = b"\x01" + data
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "little")


def characteristics(data: bytes, folder: Path) -> None:
    """The small ones: status, control, haptic, battery."""
    with suppress(FrameError):
        status = decode_status(data)
        assert encode_status(status)[:-1] == data[:-1]  # the last byte has bits that mean nothing
    with suppress(FrameError):
        assert encode_control(decode_control(data)) == data
    with suppress(FrameError):
        assert encode_haptic(decode_haptic(data)) == data
    with suppress(FrameError):
        assert bytes([decode_battery(data)]) == data
        assert data <= b"\x64"


def reader(data: bytes, folder: Path) -> None:
    """A band's whole talk, in pieces with a length before each: status or notification."""
    log = LogReader()
    at = 0
    while at < len(data):
        piece = data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
        with suppress(FrameError):
            asked = log.begin(decode_status(piece))
            assert 0 <= asked.seq < 2**32
        for one in (piece, _sealed(piece)):
            before = log.cursor
            found = log.receive(one)
            assert (found is None) == (log.cursor is before)
    assert sum(log.faults.values()) <= 2 * len(data)


def _recording(name: str) -> Callable[[bytes, Path], None]:
    def run(data: bytes, folder: Path) -> None:
        file = folder / name
        file.write_bytes(data)
        try:
            last_s = float("-inf")
            for block in read(file):
                assert block.t_s[0] > last_s
                last_s = float(block.t_s[-1])
        except StretchbandError as error:
            _expect_a_line(error)

    return run


def config(data: bytes, folder: Path) -> None:
    """A config file."""
    file = folder / "tracker.toml"
    file.write_bytes(data)
    try:
        found = load(file)
    except StretchbandError as error:
        _expect_a_line(error)
        return
    for band in found.bands:
        found.settings(band)
        band.turn()


def command(data: bytes, folder: Path) -> None:
    """A message on MQTT: topic, line end, payload."""
    topic, _, payload = data.partition(b"\n")
    gate = Gate(Topics(), ["band1"])
    told = gate.admit(
        topic.decode("utf-8", "replace"), payload, retained=False, received_s=0.0, now_s=0.0
    )
    if isinstance(told, Command):
        assert parse(told.name, told.payload) == told.action
    elif told is not None:
        assert told.isprintable()
        assert len(told) < 500


@dataclass
class _Said:
    """What `_lesson` asks of a message."""

    payload: bytes
    topic: Any
    retain: bool = False


@dataclass
class _Topic:
    value: str


def told(data: bytes, folder: Path) -> None:
    """What another program says in the daemon's place: to `teach` and to `doctor`."""
    _lesson(cast(Any, _Said(data, _Topic("t"))), "t")
    finding = _daemon(ONLINE, _health(data))
    assert finding.line.isprintable()


def archive(data: bytes, folder: Path) -> None:
    """A zip of any bytes; or, first byte even, a whole one around a database of any bytes."""
    packed, home = folder / "moving.zip", folder / "home"
    if data and data[0] % 2 == 0:
        _pack(data[1:], packed)
    else:
        packed.write_bytes(data[1:])
    try:
        unpack(packed, home / "history.db", lambda *_: None)
    except StretchbandError as error:
        _expect_a_line(error)
    finally:
        left = sorted(one.name for one in home.glob("*")) if home.exists() else []
        shutil.rmtree(home, ignore_errors=True)
    assert not [name for name in left if "import" in name], left


def _pack(database: bytes, packed: Path) -> None:
    made = Manifest(
        version=VERSION,
        program="0",
        made_at="",
        rows={},
        size=len(database),
        sha256=hashlib.sha256(database).hexdigest(),
    )
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr(MANIFEST, msgspec.json.encode(made))
        out.writestr(DATABASE, database)


def bonds(data: bytes, folder: Path) -> None:
    """The file of the keys; one that is taken gives keys that a controller takes."""
    file = folder / "history.db.bonds"
    file.write_bytes(data)
    known = Bonds(file)
    try:
        HCIAddress(known.address)
        bond = known.get(ADDRESS)
        if bond is not None:
            assert len(bond.ltk) == 16
        known.prove(ADDRESS)
        known.keep(ADDRESS, Bond(bytes(16)))
        known.forget(ADDRESS)
        assert Bonds(file).get(ADDRESS) is None
    except StretchbandError as error:
        _expect_a_line(error)
        assert file.read_bytes() == data


def page(data: bytes, folder: Path) -> None:
    """A request to the page: the lines of HTTP, and the body after an empty one."""
    head, _, body = data.partition(b"\n\n")
    reading = h11.Connection(h11.SERVER)  # as uvicorn reads it
    try:
        reading.receive_data(head + b"\n\n")
        request = reading.next_event()
    except h11.RemoteProtocolError:
        return
    if isinstance(request, h11.Request):
        _expect_an_answer(loop().run_until_complete(_asked(folder, request, body)))


def _expect_an_answer(said: list[dict[str, Any]]) -> None:
    begun = said[0]
    assert begun["type"] == "http.response.start"
    assert begun["status"] < 500 or begun["status"] == 503, begun
    assert (b"x-frame-options", b"DENY") in begun["headers"]


async def _asked(folder: Path, request: h11.Request, body: bytes) -> list[dict[str, Any]]:
    """What the page's server answers; what it raises is raised."""
    path, _, query = request.target.partition(b"?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method.decode(),
        "path": unquote(path.decode()),
        "raw_path": path,
        "root_path": "",
        "query_string": query,
        "headers": list(request.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8095),
        "scheme": "http",
    }
    said: list[dict[str, Any]] = []
    told = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return told.pop() if told else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(dict(message))

    file = folder / "history.db"
    if not file.exists():
        file.write_bytes(history())
    door = Door("open-sesame" if body.startswith(b'{"password"') else None)
    await application(Feed(MqttSettings(port=1)), file, door)(scope, receive, send)
    return said


def flash(data: bytes, folder: Path) -> None:
    """The simulated band's flash file."""
    file = folder / "band.flash"
    file.write_bytes(data)
    try:
        opened = Flash(file, CAPACITY)
    except FlashError:
        return
    try:
        assert len(opened.frames) <= CAPACITY
        assert 1 <= opened.boot_id <= 0xFFFF
        frames = list(opened.frames)
    finally:
        opened.close()
    again = Flash(file, CAPACITY)
    again.close()
    assert list(again.frames) == frames
    assert again.boot_id == opened.boot_id % 0xFFFF + 1


class _Wire(asyncio.Transport):
    """Takes what a controller says, until it is hung up."""

    closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert data

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True


@cache
def loop() -> asyncio.AbstractEventLoop:
    """One for all inputs; whoever is done with `hci` and `page` closes it."""
    return asyncio.new_event_loop()


def hci(data: bytes, folder: Path) -> None:
    """The stream of a program that drives a virtual controller: a byte of length, then a piece."""

    async def speak() -> None:
        client = _Client(Air(), 1, set())
        wire = _Wire()
        client.connection_made(wire)
        for piece in _pieces(data):
            if wire.closed:
                break
            client.data_received(piece)
        client.connection_lost(None)

    loop().run_until_complete(speak())


def _pieces(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]


def _expect_a_line(error: StretchbandError) -> None:
    """It stands in a terminal and in a log: one line, and no character that steers either."""
    assert str(error).isprintable(), repr(str(error))
    assert len(str(error)) < 1000


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "frame": frame,
    "characteristics": characteristics,
    "reader": reader,
    "csv": _recording("walk.csv"),
    "csv.gz": _recording("walk.csv.gz"),
    "parquet": _recording("walk.parquet"),
    "config": config,
    "command": command,
    "told": told,
    "archive": archive,
    "bonds": bonds,
    "page": page,
    "flash": flash,
    "hci": hci,
}
