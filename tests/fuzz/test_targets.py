"""Whatever comes from outside, a door answers with its own errors or takes it; in the suite.

`make fuzz` runs the same targets for minutes each, guided by coverage.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS, loop

OF_A_FILE = {"archive": 40, "parquet": 60, "config": 60, "hci": 60}


@pytest.fixture(scope="module", autouse=True)
def _loop() -> Iterator[None]:
    """What `hci` and `page` run in."""
    yield
    if loop.cache_info().currsize:
        left = asyncio.all_tasks(loop())  # of the library of /live: one that waits for the end
        for task in left:
            task.cancel()
        loop().run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop().close()
        loop.cache_clear()


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A seed with some bytes changed, cut out or put in; or any bytes."""
    data = bytearray(draw(st.sampled_from([*SEEDS[name](), b""])))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        put_in = draw(st.binary(max_size=8))
        left_out = draw(st.sampled_from([0, len(put_in), len(data)]))
        data[at : at + left_out] = put_in
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_taken_or_refused_by_the_book(name: str, tmp_path: Path) -> None:
    for seed in SEEDS[name]():
        TARGETS[name](seed, tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_bytes_are_taken_or_refused_by_the_book(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:

        @settings(max_examples=OF_A_FILE.get(name, 200))
        @given(damaged(name))
        def attempt(data: bytes) -> None:
            TARGETS[name](data, Path(folder))

        attempt()


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()
