"""The wire format, byte by byte, both ways; then short, damaged and foreign bytes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tracker.bands.stretchband import (
    MAX_SAMPLES,
    MAX_STEP,
    MIN_STEP,
    RANGES_G,
    Frame,
    FrameError,
    Haptic,
    ReadFrom,
    Status,
    Stop,
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

FRAME = Frame(
    boot_id=0x0102,
    seq=0x03040506,
    t_first_ms=0x0708090A,
    step=320,
    range_g=4,
    counts=np.array([[1, -1, 8192], [-32768, 32767, 0]], np.int16),
)
FRAME_BYTES = bytes.fromhex(
    "01"  # version
    "0201"  # boot_id
    "06050403"  # seq
    "0a090807"  # t_first_ms
    "4001"  # step, 1/16 ms
    "02"  # samples
    "04"  # range, g
    "0100 ffff 0020"  # x, y, z
    "0080 ff7f 0000"
    "6021"  # CRC-16/CCITT-FALSE of all before
)
STATUS = Status(boot_id=2, now_ms=0x01020304, oldest_seq=16, head_seq=123456, rate_hz=50.0)
STATUS_BYTES = bytes.fromhex("01 0200 04030201 10000000 40e20100 2003 00")
ASLEEP_BYTES = STATUS_BYTES[:-1] + b"\x01"


def fields(frame: Frame) -> tuple[object, ...]:
    """A frame holds an array, so it is compared by its parts."""
    return (
        frame.boot_id,
        frame.seq,
        frame.t_first_ms,
        frame.step,
        frame.range_g,
        frame.counts.tolist(),
    )


def with_check_sum(body: bytes) -> bytes:
    """CRC-16/CCITT-FALSE, written out: polynomial 0x1021, start 0xFFFF, high bit first."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return body + crc.to_bytes(2, "little")


def test_a_frame_is_written_as_these_bytes() -> None:
    assert encode_frame(FRAME) == FRAME_BYTES


def test_these_bytes_are_read_as_the_frame() -> None:
    assert fields(decode_frame(FRAME_BYTES)) == fields(FRAME)


def test_the_protocols_page_shows_these_bytes() -> None:
    page = (Path(__file__).parents[2] / "docs" / "band-protocol.md").read_text().replace(" ", "")
    assert FRAME_BYTES.hex() in page
    assert STATUS_BYTES.hex() in page


def test_the_check_sum_is_the_published_one() -> None:
    assert with_check_sum(b"123456789")[-2:] == bytes.fromhex("b129")  # the catalogue's 0x29B1
    assert with_check_sum(FRAME_BYTES[:-2]) == FRAME_BYTES


def test_counts_are_g_of_the_full_scale_and_steps_are_sixteenths_of_a_millisecond() -> None:
    frame = decode_frame(FRAME_BYTES)
    assert frame.acc_g[0].tolist() == [4 / 32768, -4 / 32768, 1.0]
    assert frame.acc_g[1, 0] == -4.0
    assert frame.offsets_s.tolist() == [0.0, 0.02]
    assert frame.duration_s == 0.04


def test_a_full_frame_fits_a_notification_at_mtu_247() -> None:
    counts = np.zeros((MAX_SAMPLES, 3), np.int16)
    assert len(encode_frame(Frame(1, 0, 0, 320, 4, counts))) == 239 <= 247 - 3


def test_the_time_of_a_frame_wraps_at_32_bits() -> None:
    wrapped = Frame(1, 0, 2**32 + 5, 320, 4, FRAME.counts)
    assert decode_frame(encode_frame(wrapped)).t_first_ms == 5


@pytest.mark.parametrize(
    "frame",
    [
        Frame(1, 0, 0, 320, 4, np.zeros((0, 3), np.int16)),
        Frame(1, 0, 0, 320, 4, np.zeros((MAX_SAMPLES + 1, 3), np.int16)),
        Frame(1, 0, 0, MIN_STEP - 1, 4, FRAME.counts),
        Frame(1, 0, 0, MAX_STEP + 1, 4, FRAME.counts),
        Frame(1, 0, 0, 320, 3, FRAME.counts),
    ],
    ids=["no sample", "38 samples", "over 200 Hz", "under 12.5 Hz", "3 g"],
)
def test_what_a_frame_cannot_carry_is_not_written(frame: Frame) -> None:
    with pytest.raises(ValueError, match=r"samples in a frame|step|range"):
        encode_frame(frame)


def test_every_shortened_frame_is_short() -> None:
    for size in range(len(FRAME_BYTES)):
        with pytest.raises(FrameError) as caught:
            decode_frame(FRAME_BYTES[:size])
        assert caught.value.fault == "short", size


def test_every_single_flipped_bit_is_found() -> None:
    faults = set()
    for bit in range(8 * len(FRAME_BYTES)):
        damaged = bytearray(FRAME_BYTES)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FrameError) as caught:
            decode_frame(bytes(damaged))
        faults.add(caught.value.fault)
    assert faults == {"short", "version", "damaged"}  # a changed count of samples reads as short


def test_a_frame_with_something_behind_it_is_damaged() -> None:
    with pytest.raises(FrameError) as caught:
        decode_frame(FRAME_BYTES + b"\0")
    assert caught.value.fault == "damaged"


def test_another_version_is_named_even_with_a_right_check_sum() -> None:
    with pytest.raises(FrameError) as caught:
        decode_frame(with_check_sum(b"\x02" + FRAME_BYTES[1:-2]))
    assert caught.value.fault == "version"


@pytest.mark.parametrize(
    ("at", "field"),
    [(11, "4f00"), (11, "0105"), (14, "00"), (14, "03")],
    ids=["step 79", "step 1281", "0 g", "3 g"],
)
def test_values_out_of_range_are_damage_even_with_a_right_check_sum(at: int, field: str) -> None:
    new = bytes.fromhex(field)
    body = FRAME_BYTES[:at] + new + FRAME_BYTES[at + len(new) : -2]
    with pytest.raises(FrameError) as caught:
        decode_frame(with_check_sum(body))
    assert caught.value.fault == "damaged"


def test_a_frame_of_no_samples_is_no_frame() -> None:
    body = FRAME_BYTES[:13] + b"\0" + FRAME_BYTES[14:15]
    with pytest.raises(FrameError):
        decode_frame(with_check_sum(body))
    with pytest.raises(FrameError):
        decode_frame(with_check_sum(body + bytes(6)))


frames = st.builds(
    Frame,
    boot_id=st.integers(0, 2**16 - 1),
    seq=st.integers(0, 2**32 - 1),
    t_first_ms=st.integers(0, 2**32 - 1),
    step=st.integers(MIN_STEP, MAX_STEP),
    range_g=st.sampled_from(RANGES_G),
    counts=hnp.arrays(np.int16, st.tuples(st.integers(1, MAX_SAMPLES), st.just(3))),
)


@given(frames)
def test_every_frame_comes_back_as_it_was(frame: Frame) -> None:
    assert fields(decode_frame(encode_frame(frame))) == fields(frame)


@given(st.binary(max_size=260))
def test_no_bytes_do_more_than_raise_a_frame_error(data: bytes) -> None:
    for decode in (decode_frame, decode_status, decode_control, decode_haptic):
        with suppress(FrameError):
            decode(data)


@given(frames, st.data())
def test_a_frame_with_changed_bytes_is_never_taken_for_another(
    frame: Frame, data: st.DataObject
) -> None:
    good = encode_frame(frame)
    at = data.draw(st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FrameError):
        decode_frame(bytes(changed))


@given(st.binary(max_size=245))
def test_garbage_with_a_right_check_sum_gives_a_sane_frame_or_a_frame_error(body: bytes) -> None:
    try:
        frame = decode_frame(with_check_sum(b"\x01" + body))
    except FrameError:
        return
    assert 1 <= len(frame.counts) <= MAX_SAMPLES
    assert MIN_STEP <= frame.step <= MAX_STEP
    assert np.abs(frame.acc_g).max() <= 16


def test_a_status_is_written_as_these_bytes_and_read_back() -> None:
    assert encode_status(STATUS) == STATUS_BYTES
    assert decode_status(STATUS_BYTES) == STATUS
    assert encode_status(replace(STATUS, asleep=True)) == ASLEEP_BYTES
    assert decode_status(ASLEEP_BYTES) == replace(STATUS, asleep=True)


def test_flags_that_mean_nothing_yet_are_ignored() -> None:
    assert decode_status(STATUS_BYTES[:-1] + b"\xfe") == STATUS


def test_a_rate_is_kept_to_a_sixteenth_of_a_hertz() -> None:
    assert decode_status(encode_status(Status(1, 0, 0, 0, 104.03))).rate_hz == 104.0
    assert decode_status(encode_status(Status(1, 0, 0, 0, 12.5))).rate_hz == 12.5


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "short"),
        (STATUS_BYTES[:-1], "short"),
        (STATUS_BYTES + b"\0", "short"),
        (b"\x02" + STATUS_BYTES[1:], "version"),
        (STATUS_BYTES[:7] + b"\xff" + STATUS_BYTES[8:11] + bytes(4) + STATUS_BYTES[15:], "damaged"),
    ],
    ids=["nothing", "short", "long", "version", "ring ends before it begins"],
)
def test_a_wrong_status_is_refused_by_name(data: bytes, fault: str) -> None:
    with pytest.raises(FrameError) as caught:
        decode_status(data)
    assert caught.value.fault == fault


def test_control_commands_are_written_as_these_bytes_and_read_back() -> None:
    for command, data in (
        (ReadFrom(7, 1000), bytes.fromhex("01 0700 e8030000")),
        (ReadFrom(0, 0), bytes.fromhex("01 0000 00000000")),
        (Stop(), bytes.fromhex("02")),
    ):
        assert encode_control(command) == data
        assert decode_control(data) == command


@pytest.mark.parametrize(
    ("data", "fault"),
    [("", "unknown"), ("00", "unknown"), ("03", "unknown"), ("01", "short"), ("0200", "short")],
)
def test_wrong_control_commands_are_refused_by_name(data: str, fault: str) -> None:
    with pytest.raises(FrameError) as caught:
        decode_control(bytes.fromhex(data))
    assert caught.value.fault == fault


def test_a_buzz_pattern_is_written_as_these_bytes_and_read_back() -> None:
    assert encode_haptic(Haptic(2, 0.15, 0.1)) == bytes.fromhex("02 0f 0a")
    assert decode_haptic(bytes.fromhex("02 0f 0a")) == Haptic(2, 0.15, 0.1)


@pytest.mark.parametrize("haptic", [Haptic(256, 0.1, 0.1), Haptic(1, 2.56, 0.1), Haptic(1, 0, -1)])
def test_a_buzz_pattern_that_three_bytes_cannot_carry_is_not_written(haptic: Haptic) -> None:
    with pytest.raises(ValueError, match="255 pulses"):
        encode_haptic(haptic)


@pytest.mark.parametrize(("data", "percent"), [(b"\x00", 0), (b"\x57", 87), (b"\x64", 100)])
def test_a_battery_level_is_a_percentage(data: bytes, percent: int) -> None:
    assert decode_battery(data) == percent


@pytest.mark.parametrize("data", [b"", b"\x65", b"\xff", b"\x57\x00"], ids=bytes.hex)
def test_what_is_no_battery_level_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError) as caught:
        decode_battery(data)
    assert caught.value.fault == "battery"
