"""A stand-in, not the engine: see ../../README.md."""
