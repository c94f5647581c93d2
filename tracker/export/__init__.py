"""The history as files for other programs: one file a format, all read and written as streams."""

from tracker.export.destination import deliver
from tracker.export.formats import FORMATS, Format, choose_format
from tracker.export.period import Period, parse_period
from tracker.export.tables import KINDS, Kind, Row, Table, Wanted, finished_holds, table

__all__ = [
    "FORMATS",
    "KINDS",
    "Format",
    "Kind",
    "Period",
    "Row",
    "Table",
    "Wanted",
    "choose_format",
    "deliver",
    "finished_holds",
    "parse_period",
    "table",
]
