"""The commands, one module each: `description()` and the function that it describes."""

from __future__ import annotations

import importlib

COMMANDS = {
    "critasser build": "build",
    "critasser compare": "compare",
    "critasser confidence end": "confidence_end",
    "critasser confidence next": "confidence_next",
    "critasser confidence previous": "confidence_previous",
    "critasser confidence": "confidence",
    "critasser example": "example",
    "critasser fit": "fit",
    "critasser hide": "hide",
    "critasser install": "install",
    "critasser jobs delete": "jobs_delete",
    "critasser jobs": "jobs",
    "critasser location": "location",
    "critasser open": "open",
    "critasser rebuild": "rebuild",
    "critasser report": "report",
    "critasser resume": "resume",
    "critasser score": "score",
    "critasser segment delete": "segment_delete",
    "critasser segment mates": "segment_mates",
    "critasser segment merge": "segment_merge",
    "critasser segment save": "segment_save",
    "critasser segment split": "segment_split",
    "critasser segment undo": "segment_undo",
    "critasser segment": "segment",
    "critasser show": "show",
    "critasser stop": "stop",
}
"""Module of each command, as `bundle_info.xml` lists them."""


def register_command(name: str, logger) -> None:
    """Register a command; its module is imported only now."""
    from chimerax.core.commands import register

    from .values import with_plain_values

    module = importlib.import_module(f".{COMMANDS[name]}", __name__)
    register(name, module.description(), with_plain_values(module.command), logger=logger)
