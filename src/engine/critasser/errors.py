"""The two ways a run ends that are nobody's bug."""

from critasser.text import printable

__all__ = ["Cancelled", "InputError"]


class InputError(Exception):
    """A person's mistake, told in one line: what is wrong, where, and the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class Cancelled(Exception):  # noqa: N818 - cancelling is not an error
    """The person asked the run to stop; raised by a progress callback and left to propagate."""
