"""A month of holds as a page that a person can take to a therapist."""

from tracker.report.month import Month, StretchOfMonth, month_of, parse_month
from tracker.report.page import page

__all__ = ["Month", "StretchOfMonth", "month_of", "page", "parse_month"]
