"""A file is there whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracker.errors import StretchbandError
from tracker.export import deliver


class PowerCut(BaseException):
    """Anything that ends an export early."""


def interrupted() -> Iterator[bytes]:
    yield b"half of "
    raise PowerCut


def test_a_file_gets_what_was_written_and_nothing_else_stays(tmp_path: Path) -> None:
    deliver([b"one,", b"two\r\n"], tmp_path / "holds.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["holds.csv"]
    assert (tmp_path / "holds.csv").read_bytes() == b"one,two\r\n"


def test_an_interrupted_export_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(PowerCut):
        deliver(interrupted(), tmp_path / "holds.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_export_keeps_the_file_before(tmp_path: Path) -> None:
    out = tmp_path / "holds.csv"
    out.write_text("of yesterday")
    with pytest.raises(PowerCut):
        deliver(interrupted(), out)
    assert out.read_text() == "of yesterday"
    assert [p.name for p in tmp_path.iterdir()] == ["holds.csv"]


def test_the_file_before_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "holds.csv"
    out.write_text("of yesterday")

    def pieces() -> Iterator[bytes]:
        yield b"of "
        assert out.read_text() == "of yesterday"
        yield b"today"

    deliver(pieces(), out)
    assert out.read_text() == "of today"


def test_a_link_goes_on_pointing_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "target.csv").write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to("target.csv")
    deliver([b"new"], link)
    assert link.is_symlink()
    assert (tmp_path / "target.csv").read_text() == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    deliver([b"through ", b"a pipe"], pipe)
    reader.join(10)
    assert read == [b"through a pipe"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["no folder/holds.csv", "."])
def test_what_cannot_be_written_is_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(StretchbandError, match="cannot be written: "):
        deliver([b"anything"], tmp_path / name)
    assert list(tmp_path.iterdir()) == []
