"""Numbers as people say them."""

from __future__ import annotations


def count(number: int, thing: str) -> str:
    """`1 hold`, `2 holds`, `25,968 holds`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
