"""A stand-in, not ChimeraX: see ../../README.md."""


class State:
    SCENE = 0x1
    SESSION = 0x2
