"""The history as files for other programs: one file a format, all read and written as streams."""

from tracker.export.destination import deliver
from tracker.export.formats import FORMATS, choose_format
from tracker.export.period import Period, parse_period
from tracker.export.tables import KINDS, Kind, Row, Table, Wanted, table

__all__ = [
    "FORMATS",
    "KINDS",
    "Kind",
    "Period",
    "Row",
    "Table",
    "Wanted",
    "choose_format",
    "deliver",
    "parse_period",
    "table",
]
