"""Text of unknown origin, made safe to print.

Files can hold sequences that move a terminal's cursor, change its title or hide what stands before
them, and names of files need not be valid UTF-8.
"""

__all__ = ["printable", "visible"]


def printable(text: str) -> str:
    """A text as one line, with whatever is not a visible character written as an escape.

    Examples
    --------
    >>> print(printable("chain \\x1b[2J A\\n of model"))
    chain \\x1b[2J A of model
    """
    return visible(" ".join(text.split()))


def visible(text: str) -> str:
    """A text with its spaces and line ends, and other invisible characters written as escapes."""
    return "\n".join(map(_visible_line, text.splitlines()))


def _visible_line(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in line
    )
