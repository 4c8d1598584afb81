"""A stand-in, not ChimeraX: see ../../README.md."""


class State:
    """What sessions keep."""

    SCENE = 1
    SESSION = 2


class StateManager(State):
    """What sessions keep one of."""
