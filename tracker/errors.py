"""What goes wrong in a way that a person can mend."""

from __future__ import annotations


class StretchbandError(Exception):
    """One sentence for the person in front of it: what, where, what is allowed."""
