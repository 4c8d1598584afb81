"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["appearing"]


@contextmanager
def appearing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends without error.

    Whoever reads `path` finds the old file or the whole new one, whenever the process is killed.

    Yields
    ------
    Path
        An existing empty file to write to. It keeps the suffixes of `path`.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".part-{path.name.split('.')[0]}-", suffix="".join(path.suffixes)
    )
    temporary = Path(name)
    try:
        # mkstemp makes private files; the finished one gets the permissions of any new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.close(handle)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
