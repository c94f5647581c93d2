"""Which samples a recording holds: `time_s,x_g,y_g,z_g` as CSV, .csv.gz or Parquet, as they are."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from firmware_sim.imu import Floats, Samples

COLUMNS: Final = ("time_s", "x_g", "y_g", "z_g")
_PARQUET_MAGIC: Final = b"PAR1"
_GZIP_MAGIC: Final = b"\x1f\x8b"


def read(path: Path) -> Samples:
    """Every sample of a recording, its times and values unchanged.

    Raises ValueError with one sentence that names the file, where the fault is and what it is.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    if data.startswith(_PARQUET_MAGIC) or path.suffix == ".parquet":
        rows, first_line = _parquet_rows(path), 1
    else:
        rows, first_line = _csv_rows(path, _text(path, data)), 2
    _check(path, rows, first_line)
    return Samples(rows[:, 0].copy(), rows[:, 1:].copy())


def _text(path: Path, data: bytes) -> str:
    try:
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path}: the gzip file is damaged or cut off") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text file; CSV, .csv.gz or Parquet is wanted") from error


def _csv_rows(path: Path, text: str) -> Floats:
    header, _, body = text.partition("\n")
    if tuple(name.strip() for name in header.split(",")) != COLUMNS:
        raise ValueError(f'{path}: line 1: the header must be "{",".join(COLUMNS)}"')
    if not body.strip():
        raise ValueError(f"{path}: no samples under the header")
    try:
        rows = np.loadtxt(io.StringIO(body), delimiter=",", ndmin=2, comments=None)
    except ValueError as error:
        raise ValueError(_fault(path, body)) from error
    if rows.shape[1] != len(COLUMNS):
        raise ValueError(_fault(path, body))
    return rows


def _fault(path: Path, body: str) -> str:
    """Which line made the fast reader stop."""
    for number, line in enumerate(body.splitlines(), 2):
        cells = line.split(",")
        try:
            good = not line.strip() or len([float(cell) for cell in cells]) == len(COLUMNS)
        except ValueError:
            good = False
        if not good:
            return f'{path}: line {number}: "{line[:60]}" is not four numbers'
    return f"{path}: the lines are not four numbers each"


def _parquet_rows(path: Path) -> Floats:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError(
            f"{path}: reading Parquet needs pyarrow: pip install 'stretchband[parquet]'"
        ) from error
    try:
        table = parquet.read_table(path, columns=list(COLUMNS))
        columns = [table.column(name).to_numpy().astype(np.float64) for name in COLUMNS]
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path}: no Parquet file with number columns {COLUMNS}") from error
    return np.column_stack(columns)


def _check(path: Path, rows: Floats, first_line: int) -> None:
    where = "line" if first_line > 1 else "row"
    if len(rows) < 2:
        raise ValueError(f"{path}: {len(rows)} samples; at least two are needed")
    broken = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(broken):
        raise ValueError(f"{path}: {where} {broken[0] + first_line}: a value is not finite")
    back = np.flatnonzero(np.diff(rows[:, 0]) <= 0)
    if len(back):
        raise ValueError(f"{path}: {where} {back[0] + 1 + first_line}: the time does not rise")
    if rows[0, 0] < 0:
        raise ValueError(f"{path}: {where} {first_line}: time {rows[0, 0]:g}; a clock starts at 0")
    rate_hz = 1.0 / float(np.median(np.diff(rows[:, 0])))
    if not 12.4 <= rate_hz <= 201.0:
        raise ValueError(f"{path}: {rate_hz:.4g} samples a second; 12.5 to 200 are allowed")
