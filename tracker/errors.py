"""What goes wrong in a way that a person can mend."""

from __future__ import annotations

from typing import ClassVar


class StretchbandError(Exception):
    """One sentence for the person in front of it: what, where, what is allowed.

    exit_status: what a command ends with; 2 says that what was put in has to be mended.
    """

    exit_status: ClassVar[int] = 2


def extra_missing(what: str, library: str, extra: str) -> StretchbandError:
    """The error for something asked for that needs one of stretchband's extras."""
    return StretchbandError(f"{what} needs {library}: pip install 'stretchband[{extra}]'")
