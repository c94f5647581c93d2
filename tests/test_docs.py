"""The pages say what the code does."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from tracker.detect.events import (
    DropReason,
    EndReason,
    Event,
    HoldDropped,
    HoldEnded,
    Strain,
    StrainKind,
)

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("config/**/*.md")])

# Fields that take one of a few words.
WORDS = {Strain: StrainKind, HoldEnded: EndReason, HoldDropped: DropReason}


def test_the_page_on_events_has_every_kind_with_every_field() -> None:
    page = (ROOT / "docs" / "events.md").read_text("utf-8")
    rows = {
        row[0].strip(" `"): set(re.findall(r"`(\w+)`", row[2]))
        for row in re.findall(r"^\| (`\w+`) \|(.*)\|(.*)\|$", page, re.MULTILINE)
    }
    shared = {"event_id", "band_id", "t_s", "at"}
    for kind in typing.get_args(Event):
        name = kind.__struct_config__.tag
        fields = {field.name for field in msgspec.structs.fields(kind)} - shared
        values = set(typing.get_args(WORDS.get(kind)))
        assert rows.pop(name) == fields | values, name
    assert not {name for name in rows if name not in shared | {"event"}}


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_what_a_page_points_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_claim_on_security_names_a_test_that_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/.]+\.py)::(\w+)`", page)
    assert len(named) > 40
    for file, name in named:
        text = (ROOT / file).read_text("utf-8")
        assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"{file}::{name}"
    claims = re.findall(r"^- (.+(?:\n  .+)*)", page, re.MULTILINE)
    assert len(claims) > 40
    for claim in claims:
        assert re.search(r"`tests/\S+::\w+`$", claim), f"no test is named for: {claim}"


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_files_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"`((?:tracker|firmware_sim|tests|config|docs)/[\w./-]+)`", page.read_text())
    for name in named:
        assert (ROOT / name).exists(), name
