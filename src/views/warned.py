"""Tell what the engine warns of, each warning once: as it comes, or from the results."""

from __future__ import annotations

from typing import Any

from ..jobs.failures import advice
from ..session.wording import in_chimerax

__all__ = ["Warned"]

_MOST = 100
"""Warnings of one job that are told."""


class Warned:
    """Warnings of a job that the log has.

    Parameters
    ----------
    session : chimerax.core.session.Session
    name : str
        Of the job.
    """

    def __init__(self, session, name: str) -> None:
        self._session = session
        self._name = name
        self._told: set[str] = set()

    def tell(self, text: str) -> None:
        """A line in the log with what to do about it, where that is known."""
        said = in_chimerax(text)
        if said in self._told or len(self._told) >= _MOST:
            return
        self._told.add(said)
        line, remedy = f"critasser {self._name}: {said}", advice(text, None)
        self._session.logger.warning(f"{line}\n{remedy}" if remedy else line)

    def tell_rest(self, warnings: Any) -> None:
        """Those of `results.json` that have not been told as they came."""
        for warning in warnings[:_MOST] if isinstance(warnings, list) else ():
            self.tell(str(warning))
        self._told.clear()
