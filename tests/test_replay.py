"""What was stored is folded again in the order in which it happened."""

from __future__ import annotations

from tests.store.filling import frame
from tracker.replay import AT_ONCE, NO_BOOT, in_order, replayed
from tracker.store import Resume, StoredCommand


def word(boot_id: int, t_s: float, name: str = "note") -> StoredCommand:
    return StoredCommand(boot_id, t_s, name, "")


def test_frames_come_in_pieces_of_one_clock_and_of_bounded_length() -> None:
    frames = [frame(seq) for seq in range(AT_ONCE + 3)]
    frames += [frame(len(frames) + seq, boot_id=2) for seq in range(2)]
    pieces = list(in_order(frames, []))
    assert [len(piece) for piece, _ in pieces] == [AT_ONCE, 3, 2]
    assert [one for piece, _ in pieces for one in piece] == frames


def test_a_word_comes_right_after_the_sample_that_it_was_said_at() -> None:
    frames = [frame(seq) for seq in range(6)]
    said = [word(1, float(frames[n].t_s[-1])) for n in (1, 1, 4)]
    assert [(len(piece), words) for piece, words in in_order(frames, said)] == [
        (2, said[:2]),
        (3, said[2:]),
        (1, []),
    ]


def test_a_word_to_a_sleeping_band_comes_after_the_word_before_it() -> None:
    asleep, said = word(1, float(frame(0).t_s[-1]), "asleep"), word(NO_BOOT, 0.0)
    pieces = list(in_order([frame(0), frame(1)], [asleep, said]))
    assert [(len(piece), words) for piece, words in pieces] == [(1, [asleep, said]), (1, [])]


def test_a_word_of_a_clock_waits_for_that_clock() -> None:
    frames = [frame(0), frame(1), frame(2, boot_id=2)]
    said = [word(2, 0.0)]
    assert [words for _, words in in_order(frames, said)] == [[], said]


def test_what_was_said_before_the_first_frame_is_not_replayed() -> None:
    before, later, after = word(NO_BOOT, 0.0), word(1, 3.0), word(NO_BOOT, 0.0, "side")
    assert replayed([before, later, after], None) == [later, after]
    assert replayed([before, later, after], Resume(1, 0, 0.0)) == [later]
