"""Why a pair, or a chain of it, is left out."""

from __future__ import annotations

from critasser.text import printable

__all__ = ["LONGEST_REASON", "Refusal"]

LONGEST_REASON = 300
"""Letters; a reason is one cell of a table."""


class Refusal(Exception):  # noqa: N818 - a verdict on data, no error
    """A pair or a chain is not used.

    Parameters
    ----------
    reason : str
        One line.
    again : bool
        The reason may be gone when the same command is given again: a server that did not answer.
    """

    def __init__(self, reason: str, *, again: bool = False) -> None:
        self.reason = printable(reason)[:LONGEST_REASON]
        self.again = again
        super().__init__(self.reason, again)

    def __reduce__(self) -> tuple[object, ...]:
        """Travels between processes with both."""
        return _made, (self.reason, self.again)


def _made(reason: str, again: bool) -> Refusal:
    return Refusal(reason, again=again)
