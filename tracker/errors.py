"""What goes wrong in a way that a person can mend."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from tracker.plain import plain

# What msgspec raises on the bytes of others: what is no UTF-8 and a thousand [ are not its own.
NOT_JSON: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class StretchbandError(Exception):
    """One sentence for the person in front of it: what, where, what is allowed.

    exit_status: what a command ends with; 2 says that what was put in has to be mended.
    """

    exit_status: ClassVar[int] = 2

    def __str__(self) -> str:
        """One line, whatever a file, a payload or a name in it was."""
        return plain(super().__str__())


def extra_missing(what: str, library: str, extra: str) -> StretchbandError:
    """The error for something asked for that needs one of stretchband's extras."""
    return StretchbandError(f"{what} needs {library}: pip install 'stretchband[{extra}]'")
