"""A stand-in, not ChimeraX: see ../../../README.md."""

import os


def cache_directories():
    return [os.path.expanduser("~/Downloads/ChimeraX")]
