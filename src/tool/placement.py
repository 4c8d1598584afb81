"""Where windows of ours are shown first."""

from __future__ import annotations

__all__ = ["beside_log"]


def beside_log(session):
    """In the Log's place, which is higher than what is left; at the side where it is not there."""
    logs = [tool for tool in session.tools.list() if tool.tool_name == "Log"]
    shown = [tool.tool_window for tool in logs if tool.displayed()]
    return shown[0] if shown and not shown[0].floating else "side"
