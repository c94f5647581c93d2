"""Bars out of letters, for terminals that know blocks and for those that know ASCII only."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, cells: int, *, plain: bool = False) -> str:
    """A bar of `share` (0 to 1) of `cells`; the least share above 0 still shows."""
    if plain:
        return "#" * (max(1, round(share * cells)) if share > 0 else 0)
    eighths = max(1, round(share * cells * 8)) if share > 0 else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def share_bar(share: float, cells: int, *, plain: bool = False) -> tuple[str, str]:
    """`share` of `cells` and the rest, told apart without colour too; neither vanishes."""
    first = round(share * cells)
    first = min(max(first, 1 if share > 0 else 0), cells - 1 if share < 1 else cells)
    full, light = ("#", "-") if plain else ("█", "░")
    return full * first, light * (cells - first)
