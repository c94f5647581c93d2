"""Names that could reach another topic are refused."""

from __future__ import annotations

import pytest

from tracker.mqtt.topics import TopicError, Topics, band_topic


def test_the_tree_is_as_documented() -> None:
    topics = Topics("home/stretch")
    assert topics.at("bridge/state") == "home/stretch/bridge/state"
    assert topics.band("band1", "event") == "home/stretch/band/band1/event"
    assert topics.commands == "home/stretch/band/+/set/+"


@pytest.mark.parametrize("band_id", ["", "a/b", "+", "#", "a b", "ä", "x" * 33, "a\n", "..", "\0"])
def test_a_band_id_that_could_reach_another_topic_is_refused(band_id: str) -> None:
    with pytest.raises(TopicError, match="allowed are 1 to 32 letters, digits, _ and -"):
        band_topic(band_id, "event")


@pytest.mark.parametrize("base", ["", "/home", "a/+", "#", "$SYS", "a\0", "x" * 201])
def test_a_base_topic_with_a_wildcard_is_refused(base: str) -> None:
    with pytest.raises(TopicError, match="base topic"):
        Topics(base)


@pytest.mark.parametrize("suffix", ["", "band/+/state", "#", "a\tb"])
def test_a_suffix_that_is_no_topic_is_refused(suffix: str) -> None:
    with pytest.raises(TopicError):
        Topics().at(suffix)


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("stretchband/band/band1/set/side", ("band1", "side")),
        ("stretchband/band/a/b/set/side", None),
        ("stretchband/band//set/side", None),
        ("stretchband/band/band1/set/", None),
        ("stretchband/band/band1/set/a/b", None),
        ("stretchband/band/band1/state", None),
        ("other/band/band1/set/side", None),
        ("stretchband/band/band1", None),
    ],
)
def test_only_a_command_is_taken_for_one(topic: str, found: tuple[str, str] | None) -> None:
    assert Topics().command(topic) == found
