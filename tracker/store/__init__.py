"""The history on disk: one writer (Store), any number of readers beside it (History)."""

from tracker.store.copying import copy_history, restore_history
from tracker.store.faults import StoreUnavailableError
from tracker.store.history import Band, Cell, History
from tracker.store.lock import InUseError, WriterLock
from tracker.store.queries import PAIN_IN_SESSION
from tracker.store.records import (
    DayTotals,
    Hold,
    OutboxEntry,
    Resume,
    StoredCommand,
    StoredFrame,
    StretchTotal,
    balance,
    side_s,
)
from tracker.store.samples import Boot, DatedBlock, boots, count_samples, sample_blocks
from tracker.store.writer import Store

__all__ = [
    "PAIN_IN_SESSION",
    "Band",
    "Boot",
    "Cell",
    "DatedBlock",
    "DayTotals",
    "History",
    "Hold",
    "InUseError",
    "OutboxEntry",
    "Resume",
    "Store",
    "StoreUnavailableError",
    "StoredCommand",
    "StoredFrame",
    "StretchTotal",
    "WriterLock",
    "balance",
    "boots",
    "copy_history",
    "count_samples",
    "restore_history",
    "sample_blocks",
    "side_s",
]
