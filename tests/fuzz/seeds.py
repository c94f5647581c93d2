"""Where the search begins: for each target some bytes that are right, and some nearly so."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np

from firmware_sim.flash import Flash
from tests.store.filling import ADDRESS, BAND, Told, frame, new_store
from tracker.bands.bonds import Bond, Bonds
from tracker.bands.stretchband import (
    Frame,
    Haptic,
    ReadFrom,
    Status,
    Stop,
    encode_control,
    encode_frame,
    encode_haptic,
    encode_status,
)
from tracker.detect.events import HoldEnded
from tracker.export.archive import pack
from tracker.store import History

EXAMPLE = Path(__file__).parents[2] / "config" / "tracker.toml"
STATUS = encode_status(Status(boot_id=2, now_ms=5000, oldest_seq=0, head_seq=9, rate_hz=50.0))
CSV = b"time_s,x_g,y_g,z_g\n" + b"".join(
    b"%.2f,0.01,%.3f,-0.02\n" % (i / 50, 1 - i / 1e3) for i in range(20)
)
DEEP = b"[" * 2000


def _frame(seq: int, samples: int = 2) -> bytes:
    counts = np.arange(3 * samples, dtype=np.int16).reshape(samples, 3) * 100
    return encode_frame(Frame(1, seq, 500 * seq, 320, 4, counts))


def _told(pieces: list[bytes]) -> bytes:
    """A byte of length before each."""
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def _frames() -> list[bytes]:
    whole = _frame(3)
    return [whole, whole[1:-2], _frame(7, 37), whole[:20]]


def _characteristics() -> list[bytes]:
    controls = [encode_control(ReadFrom(1, 4)), encode_control(Stop())]
    return [STATUS, *controls, encode_haptic(Haptic(2, 0.15, 0.1)), b"\x60", b"\xff"]


def _talks() -> list[bytes]:
    numbers = [0, 1, 2, 2, 5, 3, 1]
    return [
        _told([STATUS, *(_frame(seq) for seq in numbers)]),
        _told([STATUS, _frame(0), _frame(4), STATUS, _frame(1)]),
    ]


def _csv() -> list[bytes]:
    return [
        CSV,
        CSV.replace(b"\n", b"\r\n").replace(b",", b", "),
        CSV + b"\n\n",
        CSV.replace(b"0.01", b"1e9", 1),
        CSV.replace(b"0.01", b"nan", 1),
        CSV + b"\n1,2,3\n",
    ]


def _parquet() -> list[bytes]:
    import pyarrow
    import pyarrow.parquet

    t_s = np.arange(20) / 50
    columns = dict(zip(("time_s", "x_g", "y_g", "z_g"), [t_s, t_s * 0, t_s, -t_s], strict=True))
    found = []
    for compression in ("none", "snappy", "gzip"):
        out = BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(columns), out, compression=compression)
        found.append(out.getvalue())
    text = pyarrow.table({name: ["0.1", "x", None] for name in columns})
    out = BytesIO()
    pyarrow.parquet.write_table(text, out)
    return [*found, out.getvalue()]


def _configs() -> list[bytes]:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    shown = [line.removeprefix("# ") if " = " in line or "[[" in line else line for line in lines]
    return [
        "\n".join(lines).encode(),
        "\n".join(shown).encode(),
        b'[[bands]]\nid = "a\\n"\naddress = "F0:F1:F2:F3:F4:01"\naxes = "-z,+x,-y"\n',
        b'"\\u001b[31m" = 1\n',
        b"a = " + DEEP,
        b"bands = [1, {}]\n[mqtt]\nport = 1e3\n",
    ]


def _commands() -> list[bytes]:
    said = {
        b"side": [b"left", b"auto"],
        b"pain": [b"", b'{"note": "knee"}', b'{"note": {"a": ' + DEEP],
        b"buzz": [b"1", b'{"pulses": 2, "on_s": 0.1, "off_s": 0.2}', DEEP],
        b"note": [b"a\x1b[31mb\n"],
        b"end": [b""],
        b"teach": [b'{"name": "splits", "side": "left"}', b'{"a": ' + DEEP],
        b"forget": [b"splits"],
        b"x": [b""],
    }
    topics = [b"stretchband/band/band1/set/", b"stretchband/band/a+b/set/"]
    return [
        topic + name + b"\n" + payload
        for topic in topics
        for name, payloads in said.items()
        for payload in payloads
    ]


def _answers() -> list[bytes]:
    lesson = b'{"name":"pigeon","side":"left","state":"learnt","why":null}'
    return [
        b'{"taught":[{"name":"pigeon","side":"left"}],"lesson":' + lesson + b"}",
        b'{"outbox_depth":3,"store_fault":"the disk: is full; \\u001b[2J"}',
        b'{"x":' + DEEP,
        b"\xff{}",
    ]


SESSION = list(Told().session(100.0))


@cache
def history() -> bytes:
    """A database with one session."""
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder) / "history.db")
        store.add(BAND, [frame(seq) for seq in range(3)], SESSION, None)
        store.close()
        return store.path.read_bytes()


@cache
def _histories() -> list[bytes]:
    """A whole archive and its database alone."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "history.db"
        file.write_bytes(history())
        with History.open(file) as opened:
            packed = b"".join(pack(opened, "0", "", Path(folder), lambda *_: None))
        return [b"\x01" + packed, b"\x00" + history()]


def _bonds() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bonds"
        Bonds(file).keep(ADDRESS, Bond(bytes(range(16)), proven=True))
        whole = file.read_bytes()
    return [
        whole,
        whole.replace(b'"version": 1', b'"version": 2'),
        whole.replace(b"AAEC", b""),
        whole.replace(b'"address": "', b'"address": "x'),
        b'{"a":' + DEEP,
        b"",
    ]


HOST = "host: 127.0.0.1:8095"
OURS = ("content-type: application/json", "origin: http://127.0.0.1:8095")


def _request(what: str, *fields: str, body: str = "", host: str = HOST) -> bytes:
    return "\n".join([f"{what} HTTP/1.1", host, *fields, "", body]).encode()


def _requests() -> list[bytes]:
    hold_id = next(one.hold_id for one in SESSION if isinstance(one, HoldEnded))
    correct, note = f"POST /holds/{hold_id}", "POST /bands/band1/note"
    taught = '{"stretch": "splits", "side": "left", "note": "x"}'
    return [
        _request("GET /"),
        _request("GET /history"),
        _request("GET /sessions?before=2026-01"),
        _request(f"GET /sessions/{SESSION[0].event_id}"),
        _request("GET /sessions/%00/angles"),
        _request("GET /static/app.js", "accept-encoding: gzip", "range: bytes=0-9"),
        _request("GET /static/..%2f%00"),
        _request("GET /live"),
        _request("GET /", host="host: [::1"),
        _request("POST /login", *OURS, body='{"password": "open-sesame"}'),
        _request("POST /login", *OURS, body=DEEP.decode()),
        _request("POST /bands/band1/buzz", *OURS, body="1"),
        _request(note, *OURS, "cookie: stretchband=e30.x.y", body='"knee"'),
        _request(correct, OURS[0], "origin: http://[", body="{}"),
        _request(correct, *OURS, body=taught),
        _request(correct, *OURS, body='{"deleted": true, "note": "\\ud800"}'),
    ]


def _flash() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "band.flash"
        opened = Flash(file, 16)
        for seq in range(4):
            opened.append(_frame(seq))
        opened.close()
        whole = file.read_bytes()
    return [whole, whole[:-5], whole[:6], b""]


def _hci() -> list[bytes]:
    from bumble import hci

    said: list[hci.HCI_Packet] = [
        hci.HCI_Reset_Command(),
        hci.HCI_Read_Local_Version_Information_Command(),
        hci.HCI_LE_Set_Random_Address_Command(random_address=hci.Address("F0:F1:F2:F3:F4:01")),
        hci.HCI_LE_Set_Scan_Parameters_Command(
            le_scan_type=1,
            le_scan_interval=16,
            le_scan_window=16,
            own_address_type=1,
            scanning_filter_policy=0,
        ),
        hci.HCI_LE_Set_Scan_Enable_Command(le_scan_enable=1, filter_duplicates=0),
        hci.HCI_AclDataPacket(1, 0, 0, 7, b"\x03\x00\x04\x00\x0a\x03\x00"),
    ]
    packets = [bytes(one) for one in said]
    return [_told(packets), _told([b"".join(packets)]), *(_told([one]) for one in packets)]


def _gzipped() -> list[bytes]:
    return [gzip.compress(one, mtime=0) for one in _csv()]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "frame": _frames,
    "characteristics": _characteristics,
    "reader": _talks,
    "csv": _csv,
    "csv.gz": _gzipped,
    "parquet": _parquet,
    "config": _configs,
    "command": _commands,
    "told": _answers,
    "archive": _histories,
    "bonds": _bonds,
    "page": _requests,
    "flash": _flash,
    "hci": _hci,
}
