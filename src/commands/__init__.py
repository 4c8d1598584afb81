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
    "critasser executor": "executor",
    "critasser fit": "fit",
    "critasser hide": "hide",
    "critasser install": "install",
    "critasser jobs clear": "jobs_clear",
    "critasser jobs delete": "jobs_delete",
    "critasser jobs rename": "jobs_rename",
    "critasser jobs": "jobs",
    "critasser location": "location",
    "critasser open": "open",
    "critasser rebuild": "rebuild",
    "critasser refine": "refine",
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
    "critasser validate end": "validate_end",
    "critasser validate next": "validate_next",
    "critasser validate place": "validate_place",
    "critasser validate previous": "validate_previous",
    "critasser validate": "validate",
}
"""Module of each command, as `bundle_info.xml` lists them."""


def register_command(name: str, logger) -> None:
    """Register a command; its module is imported only now."""
    from chimerax.core.commands import register

    from .values import with_plain_values

    module = importlib.import_module(f".{COMMANDS[name]}", __name__)
    register(name, module.description(), with_plain_values(module.command), logger=logger)
