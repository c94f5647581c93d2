"""Bars on the terminal while something is read or written; nothing when nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)


@contextmanager
def rows_bar(name: str, expected: int, *, show: bool) -> Iterator[Callable[[int], None]]:
    """Call it with how many more rows were read; `expected` may be a little more than there are."""
    with _bar(name, MofNCompleteColumn(), show=show) as progress:
        task = progress.add_task(name, total=expected)
        yield lambda rows: progress.advance(task, rows)
        progress.update(task, total=progress.tasks[task].completed)


@contextmanager
def bytes_bar(name: str, *, show: bool) -> Iterator[Callable[[int, int], None]]:
    """Call it with how many bytes are done, and of how many."""
    with _bar(name, DownloadColumn(binary_units=True), show=show) as progress:
        yield _counting(progress, name)


@contextmanager
def frames_bar(name: str, *, show: bool) -> Iterator[Callable[[int, int], None]]:
    """Call it with how many frames are done, and of how many."""
    with _bar(name, MofNCompleteColumn(), show=show) as progress:
        yield _counting(progress, name)


def _counting(progress: Progress, name: str) -> Callable[[int, int], None]:
    task = progress.add_task(name, total=None)
    return lambda done, all_: progress.update(task, completed=done, total=all_)


def _bar(name: str, amount: ProgressColumn, *, show: bool) -> Progress:
    columns = (TextColumn(name), BarColumn(), amount, TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not show)
