"""A recording is played as it is, and a broken one is refused in one sentence."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from firmware_sim.motion import recording
from firmware_sim.recording import read

HEADER = "time_s,x_g,y_g,z_g\n"
ROWS = "".join(f"{3 + i / 25:.2f},{0.01 * i:.2f},-1.0,0.5\n" for i in range(40))


def written(folder: Path, text: str) -> Path:
    path = folder / "leg.csv"
    path.write_text(text)
    return path


def test_times_and_values_are_those_of_the_file(tmp_path: Path) -> None:
    motion = recording(written(tmp_path, HEADER + ROWS))
    assert motion.rate_hz == pytest.approx(25.0)
    assert motion.range_g == 2
    assert motion.duration_s == pytest.approx(3 + 40 / 25)
    samples = motion.read(100.0)
    assert samples.t_s == pytest.approx(3 + np.arange(40) / 25)
    assert samples.acc_g[:, 0] == pytest.approx(0.01 * np.arange(40))
    assert motion.ended


def test_a_recording_is_read_up_to_a_time_and_never_twice(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ROWS)
    whole, motion = recording(path).read(100.0), recording(path)
    parts = [motion.read(until) for until in (1.0, 3.0, 3.04, 3.5, 3.5, 3.1, 4.0)]
    assert [len(part) for part in parts] == [0, 0, 1, 12, 0, 0, 12]
    over = motion.ended
    assert not over
    times = np.concatenate([part.t_s for part in [*parts, motion.read(9.0)]])
    assert np.array_equal(times, whole.t_s)
    assert motion.ended
    assert len(motion.read(99.0)) == 0


def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    late = "".join(f"{60 + i / 25:.2f},0,1,0\n" for i in range(5))
    times = recording(written(tmp_path, HEADER + ROWS + late)).read(99.0).t_s
    assert np.diff(times).max() == pytest.approx(60 - 4.56)


def test_csv_gzip_and_parquet_hold_the_same(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    import pyarrow as pa

    plain = read(written(tmp_path, HEADER + ROWS))
    zipped = tmp_path / "leg.csv.gz"
    zipped.write_bytes(gzip.compress((HEADER + ROWS).encode()))
    columns = np.column_stack([plain.t_s, plain.acc_g]).T
    names = ["time_s", "x_g", "y_g", "z_g"]
    parquet.write_table(pa.table(dict(zip(names, columns, strict=True))), tmp_path / "leg.parquet")
    for path in (zipped, tmp_path / "leg.parquet"):
        assert np.array_equal(read(path).t_s, plain.t_s)
        assert np.array_equal(read(path).acc_g, plain.acc_g)


@pytest.mark.parametrize(
    ("largest_g", "range_g", "clipped"), [(1.5, 2, 0), (3.9, 4, 0), (7.0, 8, 0), (40.0, 16, 1)]
)
def test_the_range_holds_the_largest_value_and_what_no_range_holds_is_counted(
    tmp_path: Path, largest_g: float, range_g: int, clipped: int
) -> None:
    motion = recording(written(tmp_path, HEADER + ROWS + f"9.0,0,0,{-largest_g}\n"))
    assert (motion.range_g, motion.clipped) == (range_g, clipped)
    assert motion.read(99.0).acc_g.min() == pytest.approx(-min(largest_g, 16.0))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: the header must be"),
        ("once upon a time\n", "line 1: the header must be"),
        (HEADER, "no samples under the header"),
        (HEADER + "0,0,0,1\n", "1 samples; at least two"),
        (HEADER + "0,0,0,1\n0.02,0,0,nan\n0.04,0,0,1\n", "line 3: a value is not finite"),
        (HEADER + "0,0,0,1\n0.02,0,one,1\n", 'line 3: "0.02,0,one,1" is not four numbers'),
        (HEADER + "0,0,0,1\n0.02,0,0\n", 'line 3: "0.02,0,0" is not four numbers'),
        (HEADER + "0,0,0,1,7\n0.02,0,0,1,7\n", 'line 2: "0,0,0,1,7" is not four numbers'),
        (HEADER + "0,0,0,1\n0.04,0,0,1\n0.02,0,0,1\n", "line 4: the time does not rise"),
        (HEADER + "-1,0,0,1\n-0.98,0,0,1\n", "line 2: time -1; a clock starts at 0"),
        (HEADER + "0,0,0,1\n1,0,0,1\n2,0,0,1\n", "1 samples a second; 12.5 to 200"),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_fault(
    tmp_path: Path, text: str, told: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=r"leg\.csv: ") as refused:
        read(path)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_cut_off_gzip_a_picture_and_no_file_at_all_are_told_apart(tmp_path: Path) -> None:
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress((HEADER + ROWS).encode())[:-20])
    picture = tmp_path / "leg.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    fake = tmp_path / "fake.parquet"
    fake.write_bytes(b"PAR1 and nothing more")
    for path, told in [
        (cut, "damaged or cut off"),
        (picture, "not a text file"),
        (fake, "no Parquet file"),
        (tmp_path / "none.csv", "No such file"),
        (tmp_path, "Is a directory"),
    ]:
        with pytest.raises(ValueError, match=told):
            read(path)
