"""The reader's cursor over a band's ring: each frame once and in order, whatever arrives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.bands.reader import Cursor, LogReader
from tracker.bands.stretchband import Frame, ReadFrom, Status, encode_frame


def frame(seq: int, boot_id: int = 1) -> bytes:
    return encode_frame(Frame(boot_id, seq, 500 * seq, 320, 4, np.zeros((25, 3), np.int16)))


def status(oldest: int, head: int, boot_id: int = 1) -> Status:
    return Status(boot_id, 0, oldest, head, 50.0)


def receive_all(reader: LogReader, data: list[bytes]) -> list[int]:
    """The numbers of the frames that were taken."""
    return [taken.seq for each in data if (taken := reader.receive(each)) is not None]


def test_the_first_meeting_asks_for_everything() -> None:
    reader = LogReader()
    assert reader.begin(status(40, 60)) == ReadFrom(0, 0)
    assert receive_all(reader, [frame(40), frame(41)]) == [40, 41]
    assert reader.cursor == Cursor(1, 41)


def test_it_goes_on_after_the_last_frame_stored() -> None:
    reader = LogReader(Cursor(1, 41))
    assert reader.begin(status(40, 60)) == ReadFrom(1, 42)
    assert receive_all(reader, [frame(42), frame(43)]) == [42, 43]


def test_a_band_with_nothing_new_is_asked_for_what_comes_next() -> None:
    reader = LogReader(Cursor(1, 59))
    assert reader.begin(status(40, 60)) == ReadFrom(1, 60)
    assert receive_all(reader, [frame(60)]) == [60]


def test_a_reboot_of_the_band_is_read_through() -> None:
    reader = LogReader(Cursor(1, 41))
    assert reader.begin(status(40, 60, boot_id=2)) == ReadFrom(1, 42)
    assert receive_all(reader, [frame(42, 1), frame(43, 2)]) == [42, 43]
    assert reader.cursor == Cursor(2, 43)


def test_after_an_overrun_it_reads_from_the_oldest_that_is_left() -> None:
    reader = LogReader(Cursor(1, 10))
    assert reader.begin(status(40, 60)) == ReadFrom(0, 0)
    assert receive_all(reader, [frame(40), frame(41)]) == [40, 41]
    assert reader.faults == {}


def test_the_oldest_frame_may_be_the_very_next_one() -> None:
    reader = LogReader(Cursor(1, 39))
    assert reader.begin(status(40, 60)) == ReadFrom(1, 40)
    assert receive_all(reader, [frame(40)]) == [40]


def test_a_ring_that_began_anew_with_fewer_frames_is_read_from_its_start() -> None:
    reader = LogReader(Cursor(9, 500))
    assert reader.begin(status(0, 3, boot_id=1)) == ReadFrom(0, 0)
    assert receive_all(reader, [frame(0), frame(1)]) == [0, 1]
    assert reader.cursor == Cursor(1, 1)


def test_a_ring_that_began_anew_under_the_same_numbers_is_read_from_its_start() -> None:
    reader = LogReader(Cursor(9, 50))
    assert reader.begin(status(0, 100, boot_id=1)) == ReadFrom(9, 51)
    # The band had frame 50 of another boot and so answers from its oldest.
    assert receive_all(reader, [frame(0), frame(1), frame(2)]) == [0, 1, 2]
    assert reader.faults == {}


def test_a_repeated_frame_is_counted_and_left_out() -> None:
    reader = LogReader()
    reader.begin(status(0, 10))
    assert receive_all(reader, [frame(0), frame(0), frame(1), frame(0), frame(1)]) == [0, 1]
    assert reader.faults == {"repeated": 3}
    assert not reader.hole


def test_nothing_after_a_lost_frame_is_taken_until_the_band_is_asked_again() -> None:
    reader = LogReader()
    reader.begin(status(0, 10))
    assert receive_all(reader, [frame(0), frame(2), frame(3), frame(1)]) == [0]
    assert reader.hole
    assert reader.faults == {"out_of_order": 1}
    assert reader.begin(status(0, 10)) == ReadFrom(1, 1)
    assert receive_all(reader, [frame(1), frame(2)]) == [1, 2]


def test_a_hole_that_is_an_overrun_ends_at_the_oldest_frame() -> None:
    reader = LogReader()
    reader.begin(status(0, 10))
    assert receive_all(reader, [frame(0), frame(7)]) == [0]
    assert reader.begin(status(7, 17)) == ReadFrom(0, 0)
    assert receive_all(reader, [frame(7), frame(8)]) == [7, 8]


def test_bytes_that_are_no_frame_are_counted_by_name_and_do_not_move_the_cursor() -> None:
    reader = LogReader(Cursor(1, 4))
    reader.begin(status(0, 10))
    damaged = bytearray(frame(5))
    damaged[20] ^= 1
    foreign = b"\x02" + frame(5)[1:]
    assert receive_all(reader, [b"", frame(5)[:30], bytes(damaged), foreign]) == []
    assert reader.faults == {"short": 2, "damaged": 1, "version": 1}
    assert reader.cursor == Cursor(1, 4)
    assert receive_all(reader, [frame(5)]) == [5]


mishaps = st.lists(st.sampled_from(["good", "lost", "twice", "damaged", "swapped"]), max_size=60)


@given(mishaps)
def test_whatever_the_air_does_every_frame_is_taken_once_and_in_order(deeds: list[str]) -> None:
    head = 40
    reader = LogReader()
    taken: list[int] = []
    deeds = list(deeds)
    for _ in range(len(deeds) + 2):  # each round of asking uses up at least one mishap
        command = reader.begin(status(0, head))
        taken += receive_all(reader, disturbed(range(command.seq, head), deeds))
        if not reader.hole and len(taken) == head:
            break
    assert taken == list(range(head))


def disturbed(seqs: range, deeds: list[str]) -> list[bytes]:
    """These frames, with the next deeds done to them; the deeds are used up."""
    sent: list[bytes] = []
    for seq in seqs:
        deed = deeds.pop() if deeds else "good"
        data = frame(seq)
        if deed == "damaged":
            data = data[:-1] + bytes([data[-1] ^ 0x55])
        sent += {"lost": [], "twice": [data, data]}.get(deed, [data])
        if deed == "swapped" and len(sent) > 1:
            sent[-2:] = sent[:-3:-1]
    return sent
