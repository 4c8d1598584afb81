"""A stand-in, not ChimeraX: see ../../README.md."""


class Objects:
    def __init__(self, atoms=(), models=()):
        self.atoms = atoms
        self.models = list(models)
