from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tracker.detect.samples import Axes, Block
from tracker.errors import StretchbandError
from tracker.recordings import read

HEADER = "time_s,x_g,y_g,z_g\n"


def rows(count: int = 100, rate_hz: float = 50.0) -> list[str]:
    return [f"{i / rate_hz:.4f},0.01,{1 - i / 1e5:.5f},-0.02\n" for i in range(count)]


def written(folder: Path, text: str, name: str = "walk.csv") -> Path:
    file = folder / name
    if name.endswith(".gz"):
        file.write_bytes(gzip.compress(text.encode()))
    else:
        file.write_text(text)
    return file


def fault(file: Path) -> str:
    with pytest.raises(StretchbandError) as caught:
        list(read(file))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(file))
    return message.removeprefix(str(file))


@pytest.mark.parametrize("name", ["walk.csv", "walk.csv.gz"])
def test_a_recording_reads_as_written(tmp_path: Path, name: str) -> None:
    block = Block.join(list(read(written(tmp_path, HEADER + "".join(rows()), name))))
    assert len(block) == 100
    assert block.t_s[3] == pytest.approx(0.06)
    assert block.acc_g[3].tolist() == [0.01, 0.99997, -0.02]


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs stretchband[parquet]")
    parquet = pytest.importorskip("pyarrow.parquet")
    (plain,) = read(written(tmp_path, HEADER + "".join(rows())))
    columns = [plain.t_s, *plain.acc_g.T.copy()]
    table = pyarrow.table(dict(zip(("time_s", "x_g", "y_g", "z_g"), columns, strict=True)))
    parquet.write_table(table, tmp_path / "walk.parquet")
    (same,) = read(tmp_path / "walk.parquet")
    assert np.array_equal(same.t_s, plain.t_s)
    assert np.array_equal(same.acc_g, plain.acc_g)


def test_axes_turn_the_sensor_into_the_band(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER + "".join(rows()))
    (block,) = read(file, Axes.parse("-z,+x,-y"))
    assert block.acc_g[0].tolist() == [0.02, 0.01, -1.0]


def test_a_long_file_comes_in_pieces(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER + "".join(rows(150_000)))
    sizes = [len(block) for block in read(file)]
    assert len(sizes) > 1
    assert sum(sizes) == 150_000


def test_spaces_and_windows_line_ends_are_welcome(tmp_path: Path) -> None:
    text = (HEADER + "".join(rows())).replace(",", ", ").replace("\n", "\r\n")
    assert len(Block.join(list(read(written(tmp_path, text))))) == 100


@pytest.mark.parametrize("name", ["walk.csv", "walk.csv.gz"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\r\n", "\n" * 3_000_000])
def test_blank_lines_at_the_end_mean_nothing(tmp_path: Path, name: str, end: str) -> None:
    file = written(tmp_path, HEADER + "".join(rows()).rstrip() + end, name)
    assert len(Block.join(list(read(file)))) == 100


def test_blank_lines_before_a_sample_are_a_fault_wherever_a_piece_ends(tmp_path: Path) -> None:
    lines = rows(50_000)
    blank = "\n" * 3_000_000
    text = HEADER + "".join(lines[:-1]) + blank + lines[-1]
    said = ", line 50001: the line is empty, but must have four"
    assert fault(written(tmp_path, text)) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0.0800,0,1", "line 6: the line has 3 columns, but must have four"),
        ("0.0800,0,1,0,0", "line 6: the line has 5 columns, but must have four"),
        ("", "line 6: the line is empty, but must have four"),
        ("0.0800,zero,1,0", 'line 6: "zero" is not a number'),
        ("0.0800,0,nan,0", "line 6: y_g is not a finite number"),
        ("inf,0,1,0", "line 6: time_s is not a finite number"),
        ("0.0800,0,1,981", "line 6: z_g is 981, but a value is in g and at most 64"),
        ("0.0600,0,1,0", "line 6: time_s is 0.06 after 0.06, but time must rise"),
        ("0.0100,0,1,0", "line 6: time_s is 0.01 after 0.06, but time must rise"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, said: str) -> None:
    lines = rows(20)
    lines[4] = line + "\n"
    assert fault(written(tmp_path, HEADER + "".join(lines))) == f", {said}"


def test_time_must_also_rise_from_one_piece_to_the_next(tmp_path: Path) -> None:
    lines = rows(150_000)
    lines[140_000] = lines[100]
    assert "line 140002: time_s is 2 after" in fault(written(tmp_path, HEADER + "".join(lines)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ", line 1: the file is empty"),
        ("hello\nworld\n", ', line 1: the header is "hello", but must be "time_s,x_g,y_g,z_g"'),
        (HEADER, ", line 2: a recording needs at least two samples"),
        (HEADER + "\n\n", ", line 2: a recording needs at least two samples"),
        (HEADER + "0,0,1,0\n", ", line 2: a recording needs at least two samples"),
        (
            HEADER + "".join(rows(50, 5.0)),
            ", line 2: about 5 samples a second, but 12.5 to 200 are allowed",
        ),
        (
            HEADER + "".join(rows(50, 1000.0)),
            ", line 2: about 990 samples a second, but 12.5 to 200 are allowed",
        ),
        (
            HEADER + "".join(f"{20 * i},0.01,1.0,-0.02\n" for i in range(50)),
            ", line 2: about 0.05 samples a second, but 12.5 to 200 are allowed",
        ),
        (
            HEADER + "".join(f"{i / 50},0.1,{9.81 if i > 24 else 3.9},-0.2\n" for i in range(51)),
            ", line 2: most samples are longer than 4 g, but one at rest is 1 g: in m/s^2?",
        ),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert fault(written(tmp_path, text)) == said


def test_a_runner_who_lands_hard_is_no_other_unit(tmp_path: Path) -> None:
    landing = (f"{i / 50},0,{12.0 if i % 2 else 0.3},0\n" for i in range(100))
    assert len(Block.join(list(read(written(tmp_path, HEADER + "".join(landing)))))) == 100


def test_a_cut_gzip_names_the_line_where_it_breaks(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER + "".join(rows(5000)), "walk.csv.gz")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert ": broken or cut gzip" in fault(file)
    file.write_bytes(whole[:200] + b"damage" + whole[206:])
    assert ": broken or cut gzip" in fault(file)
    file.write_bytes(b"this is no gzip at all")
    assert ", line 1: broken or cut gzip" in fault(file)


def test_bytes_that_are_no_text_are_refused_in_plain_characters(tmp_path: Path) -> None:
    file = tmp_path / "noise.csv"
    file.write_bytes(bytes(range(256)) * 20)
    assert fault(file).isascii()


def test_no_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert fault(tmp_path) == ": is not a file"
    assert fault(tmp_path / "none.csv") == ": there is no such file"


def test_broken_parquet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs stretchband[parquet]")
    assert "broken Parquet" in fault(written(tmp_path, "not parquet", "walk.parquet"))


def bomb(file: Path, head: str, of: bytes, megabytes: int) -> Path:
    """A gzip of some hundred kilobytes that unpacks to so much."""
    member = gzip.compress(of * (1_000_000 // len(of)))
    file.write_bytes(gzip.compress(head.encode()) + member * megabytes)
    return file


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (b"0", ", line 102: the line is longer than 1024 bytes, which four numbers never are"),
        (b"\n", None),
        (b" \n", None),
        (b"9.99,0,1,0", ", line 102: the line is longer than 1024 bytes, which four numbers"),
    ],
    ids=["one line", "blank lines", "lines of blanks", "one line of numbers"],
)
def test_a_small_file_that_unpacks_to_a_huge_one_takes_no_memory(
    tmp_path: Path, of: bytes, said: str | None
) -> None:
    file = bomb(tmp_path / "walk.csv.gz", HEADER + "".join(rows()), of, 200)
    tracemalloc.start()
    try:
        told = None if said is None else fault(file)
        if said is None:
            assert len(Block.join(list(read(file)))) == 100
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said is None or (told is not None and told.startswith(said))
    assert most < 100e6


@pytest.mark.parametrize("place", [100, 149_000])
def test_a_long_line_is_named_wherever_it_stands(tmp_path: Path, place: int) -> None:
    lines = rows(150_000)
    lines[place] = f"{place / 50},{'0' * 1100},1,0\n"
    said = fault(written(tmp_path, HEADER + "".join(lines)))
    assert said.startswith(f", line {place + 2}: the line is longer than 1024 bytes")
    lines[place - 3] = "x,0,1,0\n"
    assert fault(written(tmp_path, HEADER + "".join(lines))).startswith(f", line {place - 1}: ")


def test_parquet_whose_columns_have_names_that_are_no_text_is_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs stretchband[parquet]")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({name: [0.0, 0.02] for name in ("time_s", "x_g", "y_g", "z_g")})
    file = tmp_path / "walk.parquet"
    parquet.write_table(table, file, store_schema=False)
    file.write_bytes(file.read_bytes().replace(b"x_g", b"\xff\xe5g"))
    assert ": broken Parquet" in fault(file)
