"""The two ways a run ends that are nobody's bug."""

from critasser.text import printable

__all__ = ["Cancelled", "InputError"]


LONGEST_LINE = 2000
"""Letters of a message; what it quotes from a file may have any length."""


class InputError(Exception):
    """A person's mistake, told in one line: what is wrong, where, and the remedy."""

    def __init__(self, message: str) -> None:
        line = printable(message)
        super().__init__(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …")


class Cancelled(Exception):  # noqa: N818 - cancelling is not an error
    """The person asked the run to stop; raised by a progress callback and left to propagate."""
