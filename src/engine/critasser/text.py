"""Text for people: of unknown origin, made safe to print, and times.

Files can hold sequences that move a terminal's cursor, change its title or hide what stands before
them, and names of files need not be valid UTF-8.
"""

__all__ = ["duration", "printable", "visible"]

MINUTE, HOUR = 60, 3600
"""Seconds."""


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


def duration(seconds: float) -> str:
    """A time for people.

    Examples
    --------
    >>> duration(8.4), duration(200), duration(7500)
    ('8 s', '3 min 20 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02d} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"
