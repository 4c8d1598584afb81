"""Threading: known structures that a sequence may have, from a library, by the sequence alone.

Whether one of them lies in the map is for `critasser.templates` and `critasser.fitting` to say.
"""

from critasser.threading.library import (
    EMPTY,
    TemplateLibrary,
    library_of,
    load_library,
    write_library,
)
from critasser.threading.ranking import order_z_score, rank

__all__ = [
    "EMPTY",
    "TemplateLibrary",
    "library_of",
    "load_library",
    "order_z_score",
    "rank",
    "write_library",
]
