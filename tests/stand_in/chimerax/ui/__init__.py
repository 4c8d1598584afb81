"""A stand-in, not ChimeraX: see ../../README.md."""
