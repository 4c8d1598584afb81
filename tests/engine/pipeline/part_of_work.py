"""Work that processes can import."""

import time

from critasser.errors import InputError


def drawn(*, scale, number, rng, bad=None, progress):
    """Random numbers, after a while of work."""
    if number == bad:
        raise InputError(f"part {number} is bad")
    end = time.process_time() + 0.1
    while time.process_time() < end:
        progress(0.5)
    return scale * rng.normal(size=4)
