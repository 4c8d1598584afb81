"""A stand-in, not the engine: see ../../README.md."""

__version__ = "0.0.fake"
