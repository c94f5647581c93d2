"""Text of strangers as one harmless line: what steers a terminal or breaks a log line is spelt out.

A band's name comes over the air from anybody, a payload from the house, a key from a file: an
escape sequence in it could rewrite what stands on the screen, a line end could forge a log line.
"""

from __future__ import annotations

import logging


def plain(text: str) -> str:
    r"""`text` with every character that is not printed as its escape, such as `\x1b` or `\n`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class PlainFormatter(logging.Formatter):
    """A log record as lines that say nothing but what they say, whoever wrote it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The record's own line."""
        return plain(super().formatMessage(record))

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802 - logging's name
        """A traceback, line by line."""
        return "\n".join(plain(line) for line in super().formatException(ei).split("\n"))


def log_to_stderr(level: int | str) -> None:
    """What is logged, on standard error, with its time."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
