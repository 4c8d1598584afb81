"""A stand-in, not ChimeraX: see ../../README.md."""


class UserError(Exception):
    """A person's mistake."""
