"""Files that nobody would write, given to everything that reads a person's files.

A reader reads a file or refuses it in one line that names it; nothing else may happen. Examples
come from Hypothesis: about a minute of them with all other tests, the same each time, and as many
new ones, 20,000 of each kind, with ``--hypothesis-profile=long``.
"""

import os
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings

from critasser.errors import InputError
from critasser.text import printable

COUNT = "CRITASSER_FUZZ_EXAMPLES"
"""Variable of the environment: how many examples of each kind a long run tries."""

COMMON = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    "suppress_health_check": list(HealthCheck),
}
settings.register_profile(
    "short", max_examples=150, derandomize=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink), **COMMON,
)  # fmt: skip
settings.register_profile("long", max_examples=int(os.environ.get(COUNT, "20000")), **COMMON)
settings.load_profile("short")

MOST_SECONDS = 20.0
"""Of the processor for a file of a few kB: a hang, and not a slow machine."""

LONGEST_LINE = 3000


@pytest.fixture(scope="session")
def outcome(tmp_path_factory):
    """Gives a file of some content to a reader; what it read, or the line that refuses the file."""
    folder = tmp_path_factory.mktemp("files")

    def given(
        reader: Callable, content: bytes, name: str, *, named: bool = True
    ) -> tuple[object, str]:
        path = folder / name
        path.write_bytes(content)
        begun = time.process_time()
        try:
            found, line = reader(path), ""
        except InputError as error:
            found, line = None, str(error)
            assert path.name in line or not named
            assert len(printable(line)) < LONGEST_LINE
        assert time.process_time() - begun < MOST_SECONDS
        return found, line

    return given
