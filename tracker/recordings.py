"""What is in a recording? Blocks of samples from CSV, gzipped CSV or Parquet, or a plain fault.

Every fault is a StretchbandError of one line that names the file, the line and what is wrong.
Memory stays flat in the length of a CSV or Parquet file.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import numpy as np

from tracker.detect.samples import BAND_AXES, MAX_RATE_HZ, MIN_RATE_HZ, Axes, Block, Floats
from tracker.errors import StretchbandError, extra_missing

HEADER = ("time_s", "x_g", "y_g", "z_g")
# No wearable part measures beyond; what is larger is another unit, mg or counts.
MAX_G = 64.0
# m/s^2 stays below it, but rests at 9.8. Not even a runner's ankle has this much half of the time.
USUAL_MAX_G = 4.0
_PIECE_BYTES = 1 << 21
# Four numbers take some 80; a file of a gigabyte may unpack to one line of a terabyte.
_LINE_BYTES = 1024
# Clocks of cheap parts are off by a few per cent: a band that is set to 12.5 Hz may run at 12.2.
_RATE_SLACK = 1.05

Rows = Generator[tuple[int, Floats], None, None]


def read(path: Path, axes: Axes = BAND_AXES) -> Iterator[Block]:
    """The recording as blocks in band axes, in the order of time.

    The last block has been given only when the whole file has been found sound.
    Raises StretchbandError on the first fault.
    """
    if not path.is_file():
        what = "is not a file" if path.exists() else "there is no such file"
        raise StretchbandError(f"{path}: {what}")
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _csv_rows(path)
    with closing(rows):
        yield from _checked(path, rows, axes)


def _checked(path: Path, rows: Rows, axes: Axes) -> Iterator[Block]:
    steps, sizes = _Steps(), _Sizes()
    last_s = -np.inf
    waiting: Block | None = None
    for line, values in rows:
        _check_values(path, line, values, last_s)
        if waiting is not None:
            yield waiting
        waiting = Block(np.ascontiguousarray(values[:, 0]), axes.apply(values[:, 1:]))
        steps.add(waiting.t_s, last_s)
        sizes.add(values[:, 1:])
        last_s = float(waiting.t_s[-1])
    steps.check(path)
    sizes.check(path)
    if waiting is not None:
        yield waiting


def _check_values(path: Path, line: int, values: Floats, last_s: float) -> None:
    broken = ~np.isfinite(values)
    huge = np.abs(values[:, 1:]) > MAX_G
    falls = np.diff(values[:, 0], prepend=last_s) <= 0
    wrong = broken.any(axis=1) | huge.any(axis=1) | falls
    if not wrong.any():
        return
    i = int(np.argmax(wrong))
    where = f"{path}, line {line + i}"
    if broken[i].any():
        column = HEADER[int(np.argmax(broken[i]))]
        raise StretchbandError(f"{where}: {column} is not a finite number")
    if huge[i].any():
        j = int(np.argmax(huge[i])) + 1
        raise StretchbandError(
            f"{where}: {HEADER[j]} is {values[i, j]:g}, but a value is in g and at most {MAX_G:g}"
        )
    before = last_s if i == 0 else values[i - 1, 0]
    raise StretchbandError(
        f"{where}: time_s is {values[i, 0]:g} after {before:g}, but time must rise"
    )


class _Steps:
    """The median sample step of a file of any length: a histogram with bins of one per cent."""

    EDGES = np.geomspace(1e-4, 1e2, 1400)

    def __init__(self) -> None:
        self._counts = np.zeros(len(self.EDGES) + 1, np.int64)

    def add(self, t_s: Floats, last_s: float) -> None:
        steps = np.diff(t_s, prepend=last_s) if np.isfinite(last_s) else np.diff(t_s)
        bins = np.searchsorted(self.EDGES, steps)
        self._counts += np.bincount(bins, minlength=len(self._counts))

    def check(self, path: Path) -> None:
        total = int(self._counts.sum())
        if total == 0:
            raise StretchbandError(f"{path}, line 2: a recording needs at least two samples")
        middle = int(np.searchsorted(np.cumsum(self._counts), (total + 1) // 2))
        rate_hz = 1.0 / self.EDGES[min(middle, len(self.EDGES) - 1)]
        if not MIN_RATE_HZ / _RATE_SLACK <= rate_hz <= MAX_RATE_HZ * _RATE_SLACK:
            about_hz = float(f"{rate_hz:.2g}")  # as near as the bins are
            raise StretchbandError(
                f"{path}, line 2: about {about_hz:g} samples a second, "
                f"but {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} are allowed"
            )


class _Sizes:
    """How many samples are longer than a leg's ever are for long."""

    def __init__(self) -> None:
        self._all = self._long = 0

    def add(self, acc_g: Floats) -> None:
        self._all += len(acc_g)
        self._long += int(np.count_nonzero((acc_g**2).sum(axis=1) > USUAL_MAX_G**2))

    def check(self, path: Path) -> None:
        if 2 * self._long > self._all:
            raise StretchbandError(
                f"{path}, line 2: most samples are longer than {USUAL_MAX_G:g} g, "
                "but one at rest is 1 g: in m/s^2?"
            )


def _csv_rows(path: Path) -> Rows:
    """(line of the first row, (n, 4) values) for every piece of the file."""
    line = 1
    try:
        with _open(path) as file:
            _check_header(path, file.readline(_LINE_BYTES))
            line, blank = 2, 0
            for lines, blank_after in _pieces(file):
                if lines and blank:
                    # At the end of a file they mean nothing; before a sample the first is a fault.
                    _parse_line(path, line, b"")
                if lines:
                    yield line, _parse(path, line, lines)
                    line += len(lines)
                blank += blank_after
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise StretchbandError(
            f"{path}, line {_sound_lines(path) + 1}: broken or cut gzip ({fault})"
        ) from fault
    except OSError as fault:
        raise StretchbandError(f"{path}, line {line}: cannot be read ({fault.strerror})") from fault


def _pieces(file: BufferedIOBase) -> Iterator[tuple[list[bytes], int]]:
    """Some megabytes at a time: the lines up to the last with anything in it, blank ones after.

    What follows a line that is too long is left out.
    """
    rest = b""
    while read := file.read(_PIECE_BYTES):
        text = rest + read
        whole, rest = text[: text.rfind(b"\n") + 1], text[text.rfind(b"\n") + 1 :]
        if len(rest) > _LINE_BYTES and rest.strip():
            yield text.split(b"\n"), 0
            return
        filled = whole.rstrip()
        lines = filled.split(b"\n") if filled else []
        yield lines, whole.count(b"\n") - len(lines)
        rest = rest if rest.strip() else rest[:1]  # of blanks one is as good as a million
    if rest.strip():
        yield [rest], 0


def _open(path: Path) -> BufferedIOBase:
    if path.suffix == ".gz":
        return cast(BufferedIOBase, gzip.open(path, "rb"))
    return path.open("rb")


def _sound_lines(path: Path) -> int:
    """How many whole lines a broken gzip gives before its fault."""
    count = 0
    with suppress(EOFError, zlib.error, gzip.BadGzipFile), _open(path) as file:
        while raw := file.read1(_PIECE_BYTES):
            count += raw.count(b"\n")
    return count


def _check_header(path: Path, raw: bytes) -> None:
    if not raw:
        raise StretchbandError(f"{path}, line 1: the file is empty")
    names = raw.decode("utf-8-sig", errors="replace").strip().split(",")
    if tuple(name.strip() for name in names) != HEADER:
        shown = ",".join(names)[:60].encode("ascii", "backslashreplace").decode()
        shown = "".join(c if c.isprintable() else "?" for c in shown)
        raise StretchbandError(
            f'{path}, line 1: the header is "{shown}", but must be "{",".join(HEADER)}"'
        )


def _parse(path: Path, line: int, lines: list[bytes]) -> Floats:
    if max(map(len, lines)) > _LINE_BYTES:
        long = next(i for i, text in enumerate(lines) if len(text) > _LINE_BYTES)
        lines = lines[:long]  # what is wrong before it is said first
        if lines:
            _parse(path, line, lines)
        raise StretchbandError(
            f"{path}, line {line + long}: the line is longer than {_LINE_BYTES} bytes, "
            "which four numbers never are"
        )
    try:
        values = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None, encoding="latin-1")
        if values.shape == (len(lines), len(HEADER)):
            return values
    except ValueError:
        pass  # the slow look below says which line it is
    return np.array([_parse_line(path, line + i, text) for i, text in enumerate(lines)])


def _parse_line(path: Path, line: int, raw: bytes) -> list[float]:
    text = raw.decode("latin-1").strip()
    fields = text.split(",")
    if len(fields) != len(HEADER):
        count = "is empty" if not text else f"has {len(fields)} columns"
        raise StretchbandError(f"{path}, line {line}: the line {count}, but must have four")
    try:
        return [_number(field) for field in fields]
    except ValueError:
        wrong = next(field for field in fields if not _is_number(field))
        shown = wrong[:30].encode("ascii", "backslashreplace").decode()
        raise StretchbandError(f'{path}, line {line}: "{shown}" is not a number') from None


def _number(text: str) -> float:
    if "_" in text:  # Python reads 1_000; no other program writes it
        raise ValueError(text)
    return float(text)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _parquet_rows(path: Path) -> Rows:
    """As _csv_rows; the line of a row counts from 2, as if it were the CSV."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as missing:
        raise extra_missing(f"{path}: reading Parquet", "pyarrow", "parquet") from missing
    line = 2
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = tuple(file.schema_arrow.names)
            if names != HEADER:
                raise StretchbandError(
                    f'{path}, line 1: the columns are "{",".join(names)[:60]}", '
                    f'but must be "{",".join(HEADER)}"'
                )
            for batch in file.iter_batches(65_536):
                if not len(batch):
                    continue
                values = np.column_stack(
                    [
                        column.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
                        for column in batch.columns
                    ]
                )
                yield line, values
                line += len(values)
    except (pyarrow.ArrowException, UnicodeDecodeError, OSError) as fault:
        reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise StretchbandError(
            f"{path}, line {line} or after: broken Parquet ({reason})"
        ) from fault
