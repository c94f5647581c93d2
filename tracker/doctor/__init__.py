"""What keeps stretchband from working, part by part, and what to do about it."""

from tracker.doctor.examination import examine
from tracker.doctor.finding import Finding, State
from tracker.doctor.report import Redaction, report

__all__ = ["Finding", "Redaction", "State", "examine", "report"]
