"""The band's processor: frames that keep times and counts, a ring, a reader's place, a flash."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_sim.band import make_firmware
from firmware_sim.firmware import Buzz, Firmware, RefusedError, RingReader, ring_frames
from firmware_sim.flash import Flash, FlashError
from firmware_sim.motion import Played, Samples, scripted
from firmware_sim.ring import Ring
from tracker.bands.stretchband import (
    ERROR_MTU_TOO_SMALL,
    ERROR_UNKNOWN_COMMAND,
    ERROR_WRONG_LENGTH,
    Frame,
    Haptic,
    ReadFrom,
    Status,
    Stop,
    decode_frame,
    decode_status,
    encode_control,
    encode_frame,
)

Floats = NDArray[np.float64]
TIME_ERROR_S = 0.0006 + 1e-9  # what docs/band-protocol.md promises
EVERYTHING = encode_control(ReadFrom(0, 0))


def at_times(t_s: Floats) -> Played:
    """A motion whose every sample can be told from the others."""
    x = np.arange(len(t_s)) % 60000 - 30000
    return Played(Samples(t_s, np.column_stack([x, -x, np.full(len(t_s), 4096)]) / 16384))


def steady(seconds: float, rate_hz: float = 50.0) -> Played:
    return at_times(np.arange(round(seconds * rate_hz)) / rate_hz)


def frames_of(reader: RingReader) -> list[Frame]:
    """All that the reader gives until it has caught up."""
    return [decode_frame(data) for data in iter(reader.next_frame, None)]


def all_frames(firmware: Firmware) -> list[Frame]:
    reader = firmware.reader()
    reader.control(EVERYTHING, 247)
    return frames_of(reader)


def played(motion: Played, boot_id: int = 1) -> list[Frame]:
    firmware = make_firmware(motion, boot_id=boot_id)
    firmware.advance(motion.duration_s + 1)
    assert firmware.ended
    return all_frames(firmware)


def times_of(frames: list[Frame]) -> Floats:
    return np.concatenate([frame.t_first_ms / 1000 + frame.offsets_s for frame in frames])


def numbered(n: int, boot_id: int = 1, first: int = 0) -> list[bytes]:
    counts = np.zeros((1, 3), np.int16)
    return [encode_frame(Frame(boot_id, first + i, 0, 320, 4, counts)) for i in range(n)]


# -- frames


def test_fifty_hertz_make_two_frames_a_second_of_25_samples_at_exact_times() -> None:
    frames = played(steady(2.0))
    assert [(f.boot_id, f.seq, f.t_first_ms, f.step, len(f.counts)) for f in frames] == [
        (1, 0, 0, 320, 25),
        (1, 1, 500, 320, 25),
        (1, 2, 1000, 320, 25),
        (1, 3, 1500, 320, 25),
    ]


def test_what_is_left_at_the_end_of_the_motion_is_a_last_short_frame() -> None:
    assert [len(frame.counts) for frame in played(steady(1.1))] == [25, 25, 5]


def test_a_frame_is_there_as_soon_as_its_last_sample_is() -> None:
    firmware = make_firmware(steady(10.0))
    assert firmware.advance(0.48) == 0
    assert firmware.next_frame_s == pytest.approx(0.5)
    assert firmware.advance(0.4801) == 1


@pytest.mark.parametrize("range_g", [2, 4, 8, 16])
def test_every_integer_count_comes_back_exactly(range_g: int) -> None:
    counts = np.arange(-32768, 32768).repeat(3).reshape(-1, 3)
    motion = Played(
        Samples(np.arange(len(counts)) / 200, (counts * (range_g / 32768)).astype(np.float64))
    )
    frames = played(motion)
    assert {frame.range_g for frame in frames} == {range_g}
    assert (np.concatenate([frame.counts for frame in frames]) == counts).all()


@pytest.mark.parametrize("rate_hz", [12.5, 26.0, 50.0, 104.0, 200.0])
@pytest.mark.parametrize("clock", [1 - 200e-6, 1.0, 1 + 200e-6])
def test_every_sample_keeps_its_time_at_any_rate_and_clock(rate_hz: float, clock: float) -> None:
    t_s = 3.7 + np.arange(5000) / (rate_hz * clock)
    frames = played(at_times(t_s))
    assert np.abs(times_of(frames) - t_s).max() <= TIME_ERROR_S
    assert len(frames) <= 1.2 * len(t_s) / min(37, round(rate_hz / 2)) + 1


@settings(max_examples=50)
@given(st.lists(st.floats(0.0012, 2.0), min_size=2, max_size=200))
def test_no_recording_is_so_uneven_that_its_times_are_lost(steps_s: list[float]) -> None:
    t_s = np.cumsum(steps_s)
    frames = played(at_times(t_s))
    assert np.abs(times_of(frames) - t_s).max() <= TIME_ERROR_S
    assert sum(len(frame.counts) for frame in frames) == len(t_s)


def test_a_lost_sample_and_a_pause_begin_new_frames() -> None:
    t_s = np.arange(75) / 50
    t_s = np.concatenate([t_s[:10], t_s[11:40], t_s[40:] + 300.0])
    frames = played(at_times(t_s))
    assert [(f.t_first_ms, len(f.counts)) for f in frames] == [
        (0, 10),
        (220, 25),
        (720, 4),
        (300800, 25),
        (301300, 10),
    ]


def test_samples_before_a_pause_do_not_wait_for_its_end() -> None:
    t_s = np.arange(60) / 50
    firmware = make_firmware(at_times(np.concatenate([t_s, t_s + 300.0])))
    firmware.advance(1.3)
    assert [len(frame.counts) for frame in all_frames(firmware)] == [25, 25, 10]


@settings(max_examples=30)
@given(st.lists(st.floats(0.001, 7.0), max_size=40), st.integers(0, 2**32 - 1))
def test_the_frames_do_not_depend_on_how_the_clock_is_moved(steps: list[float], seed: int) -> None:
    random = np.random.default_rng(seed)
    gaps_s = random.choice([0.02, 0.0204, 0.04, 0.09, 3.0], 400, p=[0.9, 0.04, 0.03, 0.02, 0.01])
    t_s = np.cumsum(gaps_s)
    firmware = make_firmware(at_times(t_s))
    for until_s in itertools.accumulate(steps):
        firmware.advance(until_s)
    firmware.advance(float(t_s[-1]) + 1)
    at_once = played(at_times(t_s))
    assert [encode_frame(f) for f in all_frames(firmware)] == [encode_frame(f) for f in at_once]


def test_a_scripted_session_goes_through_whole() -> None:
    motion = scripted(5, 160.0)
    frames = played_scripted(5)
    n = sum(len(frame.counts) for frame in frames)
    assert n == round(motion.duration_s * motion.rate_hz)
    assert np.abs(times_of(frames) - np.arange(n) / 50).max() <= 1e-9


def played_scripted(seed: int) -> list[Frame]:
    motion = scripted(seed, 160.0)
    firmware = make_firmware(motion)
    firmware.advance(motion.duration_s + 1)
    return all_frames(firmware)


def test_the_same_seed_makes_the_same_bytes() -> None:
    first, second = ([encode_frame(frame) for frame in played_scripted(seed)] for seed in (7, 7))
    assert first == second
    assert first != [encode_frame(frame) for frame in played_scripted(8)]


# -- the ring and a reader's place in it


def test_the_ring_gives_up_its_oldest_and_the_numbers_run_on() -> None:
    firmware = make_firmware(steady(50.0), frames=10)
    firmware.advance(51.0)
    assert firmware.frames_made == 100
    assert [frame.seq for frame in all_frames(firmware)] == list(range(90, 100))
    status = decode_status(firmware.status())
    assert (status.oldest_seq, status.head_seq) == (90, 100)


def test_two_hours_fit_the_ring_by_default() -> None:
    assert ring_frames(50.0) == 7200 * 2
    assert ring_frames(26.0) == 7200 * 2
    assert ring_frames(104.0) == round(7200 * 104 / 37)


@pytest.mark.parametrize(
    ("boot_id", "seq", "first"),
    [
        (0, 0, 20),  # everything
        (1, 0, 20),  # gone
        (1, 19, 20),  # gone
        (1, 20, 20),  # the frame before is gone: from the oldest, which is the one wanted
        (1, 21, 21),
        (1, 25, 25),  # the frame before is the last of boot 1
        (2, 25, 20),  # the frame before was not of boot 2
        (1, 26, 20),  # the frame before was of boot 2
        (2, 26, 26),
        (2, 30, 30),  # caught up
        (2, 31, 20),  # not written yet: another ring's numbers
        (3, 30, 20),
        (0, 2**32 - 1, 20),
    ],
)
def test_a_cursor_is_honoured_only_if_the_frame_before_it_is_the_readers(
    boot_id: int, seq: int, first: int
) -> None:
    ring = Ring(10, numbered(5, boot_id=1, first=20) + numbered(5, boot_id=2, first=25))
    assert ring.after(boot_id, seq) == first


def test_an_empty_ring_has_nothing_and_waits_at_its_head() -> None:
    reader = make_firmware(steady(1.0)).reader()
    reader.control(encode_control(ReadFrom(4, 17)), 247)
    assert reader.next_frame() is None


def test_a_reader_catches_up_and_then_gets_each_frame_as_it_is_made() -> None:
    firmware = make_firmware(steady(10.0))
    reader = firmware.reader()
    assert reader.next_frame() is None
    firmware.advance(2.01)
    assert reader.next_frame() is None  # nobody asked
    reader.control(encode_control(ReadFrom(1, 2)), 247)
    assert [frame.seq for frame in frames_of(reader)] == [2, 3]
    firmware.advance(2.51)
    assert [frame.seq for frame in frames_of(reader)] == [4]
    reader.control(encode_control(Stop()), 247)
    firmware.advance(5.0)
    assert reader.next_frame() is None


def test_two_readers_have_two_places() -> None:
    firmware = make_firmware(steady(2.0))
    firmware.advance(3.0)
    one, other = firmware.reader(), firmware.reader()
    one.control(EVERYTHING, 247)
    other.control(encode_control(ReadFrom(1, 3)), 247)
    assert [frame.seq for frame in frames_of(one)] == [0, 1, 2, 3]
    assert [frame.seq for frame in frames_of(other)] == [3]


def test_a_reader_that_is_overrun_goes_on_at_the_oldest_frame() -> None:
    firmware = make_firmware(steady(50.0), frames=10)
    reader = firmware.reader()
    reader.control(EVERYTHING, 247)
    firmware.advance(2.01)
    assert decode_frame(reader.next_frame() or b"").seq == 0
    firmware.advance(51.0)
    assert [frame.seq for frame in frames_of(reader)] == list(range(90, 100))


@pytest.mark.parametrize(
    ("data", "mtu", "code"),
    [
        (b"", 247, ERROR_UNKNOWN_COMMAND),
        (b"\x07", 247, ERROR_UNKNOWN_COMMAND),
        (b"\x01\x00", 247, ERROR_WRONG_LENGTH),
        (b"\x02\x00", 247, ERROR_WRONG_LENGTH),
        (EVERYTHING, 246, ERROR_MTU_TOO_SMALL),
        (EVERYTHING, 23, ERROR_MTU_TOO_SMALL),
    ],
)
def test_a_control_write_that_cannot_be_done_is_refused(data: bytes, mtu: int, code: int) -> None:
    reader = make_firmware(steady(1.0)).reader()
    with pytest.raises(RefusedError) as caught:
        reader.control(data, mtu)
    assert caught.value.code == code
    assert not reader.asked


def test_stop_needs_no_mtu() -> None:
    make_firmware(steady(1.0)).reader().control(encode_control(Stop()), 23)


# -- what the band says of itself


def test_the_status_names_the_boot_the_clock_the_ring_and_the_rate() -> None:
    firmware = make_firmware(steady(10.0, 104.0), boot_id=3)
    firmware.advance(1.234)
    assert decode_status(firmware.status()) == Status(3, 1234, 0, 3, 104.0, asleep=False)


def test_the_band_sleeps_when_its_motion_is_over_and_in_the_ring() -> None:
    firmware = make_firmware(steady(1.1))
    firmware.advance(1.08)
    assert not decode_status(firmware.status()).asleep
    firmware.advance(1.09)
    status = decode_status(firmware.status())
    assert status.asleep
    assert status.head_seq == firmware.frames_made == 3


def test_the_clock_runs_on_after_the_motion_and_never_back() -> None:
    firmware = make_firmware(steady(1.0))
    firmware.advance(100.0)
    firmware.advance(50.0)
    assert decode_status(firmware.status()).now_ms == 100_000


def test_the_battery_falls_by_two_percent_an_hour_and_never_to_nothing() -> None:
    firmware = make_firmware(steady(1.0))
    assert firmware.battery_percent == 96
    firmware.advance(3600.0)
    assert firmware.battery_percent == 94
    firmware.advance(1e6)
    assert firmware.battery_percent == 1


def test_buzzes_are_kept_with_their_time() -> None:
    firmware = make_firmware(steady(10.0))
    firmware.advance(2.5)
    firmware.alert(b"\x02")
    firmware.advance(3.0)
    firmware.haptic(bytes.fromhex("02 0f 0a"))
    assert list(firmware.buzzes) == [Buzz(2.5, 2), Buzz(3.0, Haptic(2, 0.15, 0.1))]


@pytest.mark.parametrize("data", [b"", b"\x03", b"\x01\x00"])
def test_an_alert_level_there_is_not_does_nothing(data: bytes) -> None:
    firmware = make_firmware(steady(1.0))
    assert firmware.alert(data) is None
    assert not firmware.buzzes


def test_a_pattern_of_another_length_is_refused() -> None:
    firmware = make_firmware(steady(1.0))
    with pytest.raises(RefusedError) as caught:
        firmware.haptic(b"\x01\x02")
    assert caught.value.code == ERROR_WRONG_LENGTH
    assert not firmware.buzzes


# -- the flash


def keep(path: Path, seconds: float, capacity: int = 1000) -> list[bytes]:
    """One start of a band with this flash; what its ring then holds."""
    with closing(Flash(path, capacity)) as flash:
        firmware = make_firmware(steady(seconds), flash=flash, frames=capacity)
        firmware.advance(seconds + 1)
        return [encode_frame(frame) for frame in all_frames(firmware)]


def test_the_ring_survives_a_restart_and_each_start_is_a_boot_of_its_own(tmp_path: Path) -> None:
    first = keep(tmp_path / "flash", 2.0)
    both = keep(tmp_path / "flash", 1.0)
    assert both[:4] == first
    assert [(f.boot_id, f.seq, f.t_first_ms) for f in map(decode_frame, both)] == [
        (1, 0, 0),
        (1, 1, 500),
        (1, 2, 1000),
        (1, 3, 1500),
        (2, 4, 0),
        (2, 5, 500),
    ]


def test_a_start_without_a_frame_is_a_boot_too(tmp_path: Path) -> None:
    for boot_id in (1, 2, 3):
        with closing(Flash(tmp_path / "flash", 10)) as flash:
            assert flash.boot_id == boot_id


def test_the_flash_stays_small_and_keeps_the_ring_and_the_boot(tmp_path: Path) -> None:
    path = tmp_path / "flash"
    kept = keep(path, 500.0, capacity=20)
    assert len(kept) == 20
    assert path.stat().st_size < (2 * 20 + 20) * (3 + 17 + 25 * 6)
    with closing(Flash(path, 20)) as flash:
        assert flash.frames == kept
        assert flash.boot_id == 2
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_flash_cut_off_at_any_byte_gives_every_whole_frame_and_takes_more(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    frames = keep(whole, 2.0)
    data = whole.read_bytes()
    size = 3 + len(frames[0])
    for length in range(len(data)):
        path = tmp_path / "cut"
        path.write_bytes(data[:length])
        with closing(Flash(path, 100)) as flash:
            held = max(0, (length - 13) // size)  # magic and boot entry are 13 bytes
            assert flash.frames == frames[:held], length
            assert flash.boot_id == (2 if length >= 13 else 1), length
        kept = keep(path, 0.5)
        assert len(kept) == held + 1
        with closing(Flash(path, 100)) as flash:  # nothing torn is left in the middle
            assert flash.frames == kept


def test_damage_in_the_last_entry_drops_it_and_damage_before_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flash"
    frames = keep(path, 3.0)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with closing(Flash(path, 100)) as flash:
        assert flash.frames == frames[:-1]
    data[40] ^= 1
    path.write_bytes(data)
    with pytest.raises(FlashError, match="damaged at byte 13"):
        Flash(path, 100)
    assert path.read_bytes() == data


def test_a_file_that_is_no_flash_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_text("Dear reader")
    with pytest.raises(FlashError, match="not a band's flash"):
        Flash(path, 100)
    assert path.read_text() == "Dear reader"


def test_one_flash_serves_one_band_at_a_time(tmp_path: Path) -> None:
    with (
        closing(Flash(tmp_path / "flash", 10)),
        pytest.raises(FlashError, match="another band"),
    ):
        Flash(tmp_path / "flash", 10)


def test_a_flash_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match="No such file"):
        Flash(tmp_path / "no" / "flash", 10)


WRITER = """
import sys
from contextlib import closing
from pathlib import Path
import numpy as np
from firmware_sim.flash import Flash
from firmware_sim.ring import Ring
from tracker.bands.stretchband import Frame, encode_frame
counts = np.zeros((1, 3), np.int16)
with closing(Flash(Path(sys.argv[1]), 50)) as flash:
    ring = Ring(50, list(flash.frames), flash)
    while True:
        first = ring.head_seq
        ring.append(encode_frame(Frame(flash.boot_id, first, 0, 320, 4, counts)))
        print(first, flush=True)
"""


def written_until_killed(path: Path, count: int) -> Iterator[int]:
    """What a process said it had kept, before SIGKILL while it wrote."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        yield from (int(writer.stdout.readline()) for _ in range(count))
        os.kill(writer.pid, signal.SIGKILL)
        yield from (int(line) for line in writer.stdout if line.endswith("\n"))


def test_a_killed_writer_loses_nothing_it_had_told(tmp_path: Path) -> None:
    path = tmp_path / "flash"
    for boot_id, count in ((1, 7), (2, 300), (3, 113)):
        told = list(written_until_killed(path, count))
        with closing(Flash(path, 50)) as flash:
            held = [decode_frame(frame).seq for frame in flash.frames]
            assert flash.boot_id == 2 * boot_id
        assert held == list(range(held[0], held[0] + len(held)))
        assert told[-1] in held
        assert len(held) == min(50, held[-1] + 1)
