"""The commands, one module each: `description()` and the function that it describes."""

from __future__ import annotations

import importlib

COMMANDS = {
    "critasser build": "build",
    "critasser confidence": "confidence",
    "critasser example": "example",
    "critasser install": "install",
    "critasser jobs": "jobs",
    "critasser location": "location",
    "critasser open": "open",
    "critasser resume": "resume",
    "critasser stop": "stop",
}
"""Module of each command, as `bundle_info.xml` lists them."""


def register_command(name: str, logger) -> None:
    """Register a command; its module is imported only now."""
    from chimerax.core.commands import register

    module = importlib.import_module(f".{COMMANDS[name]}", __name__)
    register(name, module.description(), module.command, logger=logger)
