"""`report.html`: what a person looks at first."""

from critasser.report.content import ReportContent
from critasser.report.sections import write_report

__all__ = ["ReportContent", "write_report"]
