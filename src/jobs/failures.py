"""Why a job failed, and what to do about it at ChimeraX's command line."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from ..session.wording import in_chimerax
from .folder import last_line

__all__ = ["advice", "reason", "why_failed"]

_KNOWN = (
    (
        r"out of memory|MemoryError|cannot allocate|bad_alloc|GB of memory",
        "Build into a part of the map (near, mask), close other programs, "
        "or use a machine with more memory.",
    ),
    (
        r"no (?:CUDA|GPU)|CUDA (?:is not|not) available|no NVIDIA|CUDA driver|CUDA error",
        "There is no GPU that the engine's Python can use: give device cpu or leave it to auto.",
    ),
    (
        r"weights/\S+ is missing|weights.*(?:missing|damaged)|damaged network|no network there",
        "Reinstall the Critasser bundle; its network has gone missing.",
    ),
    (
        r"No module named '?([\w.]+)'?",
        "The engine's Python lacks a package. Mend it by critasser install, or give another "
        "Python by critasser location.",
    ),
    (
        r"cannot lie in|holds \d+ at most",
        "Give a larger part of the map, or only the chains that are in this part of it.",
    ),
    (
        r"has no place in",
        "Is it in this map? Where the map holds much else, near, mask or segments of the part "
        "where it is help; so does pae, which tells its domains.",
    ),
    (
        r"mirror image|left-handed",
        "Flip the map by: volume flip #N, hide the first one, and build in the flipped one.",
    ),
    (
        r"No Cα position was found|unsure of the Cα|no trace was found|scrambled ones",
        "Is this the map's resolution (give resolution if it was estimated)? Below 6 Å or so the "
        "map alone tells little: templates of the same fold help most, and near or mask keep "
        "neighbours out.",
    ),
    (
        r"No space left|no room left",
        "Free some space, then: critasser resume FOLDER.",
    ),
    (
        r"in use by process",
        "The job runs already, perhaps in another ChimeraX: critasser open FOLDER follows it.",
    ),
    (
        r"job of Critasser \S+ \(folder format",
        "The job was made by another version: build again in a new folder. What it has made can "
        "still be shown by critasser open FOLDER.",
    ),
    (
        r"read-only|Permission denied",
        "The folder cannot be written to: give another by folder, or mend its permissions.",
    ),
)


def advice(line: str, status: int | None) -> str:
    """What to do about a failed run.

    Parameters
    ----------
    line : str
        The engine's last words, or one of its warnings.
    status : int or None
        Its exit status; negative for a signal.

    Returns
    -------
    str
        Empty when nothing better is known than the line itself.
    """
    if status is not None and status < 0 and -status == getattr(signal, "SIGKILL", 9):
        return (
            "The system ended the engine, most often for lack of memory. Build into a part of "
            "the map (near, mask) or use a machine with more memory, then critasser resume."
        )
    for pattern, remedy in _KNOWN:
        if re.search(pattern, line, re.IGNORECASE):
            return remedy
    return ""


def reason(folder: Path, status: int | None, said: str) -> str:
    """Why a job failed, as far as its log tells, and what to do.

    Parameters
    ----------
    folder : Path
    status : int or None
        The engine's exit status, negative for a signal; None where it is not known.
    said : str
        State that its last line of progress told.
    """
    line = in_chimerax(last_line(folder) or "nothing")
    remedy = advice(line, status)
    if status is not None and status < 0:
        line = f"the engine was ended by signal {-status}; it said last: {line}"
    elif status is None and said == "running":
        line = f"the engine ended without a word of why; it said last: {line}"
    return "\n".join(part for part in (line, remedy) if part)


def why_failed(folder: Path, name: str, status: int | None, said: str) -> str:
    """Why a job failed, what to do, and where to read more.

    Parameters
    ----------
    folder : Path
    name : str
        Of the job.
    status : int or None
        The engine's exit status, negative for a signal; None where it is not known.
    said : str
        State that its last line of progress told.
    """
    if not folder.is_dir():
        return (
            f"critasser {name}: its folder {folder} has vanished while it ran. What is shown "
            "stays; save it, or put the folder back and go on by: critasser resume"
        )
    return f"critasser {name}: {reason(folder, status, said)}\nMore in {folder / 'log.txt'}"
