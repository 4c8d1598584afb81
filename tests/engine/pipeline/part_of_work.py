"""Work that processes can import."""

import time

from critasser.errors import InputError

WORK_SECONDS = 0.4
"""Of each part; long enough to be seen at work, also where nothing else runs."""


def drawn(*, scale, number, rng, bad=None, progress):
    """Random numbers, after a while of work."""
    if number == bad:
        raise InputError(f"part {number} is bad")
    end = time.process_time() + WORK_SECONDS
    while time.process_time() < end:
        progress(0.5)
    return scale * rng.normal(size=4)
