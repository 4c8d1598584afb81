"""A stand-in, not ChimeraX: see ../../README.md."""


class Objects:
    def __init__(self, atoms=(), bonds=(), models=()):
        self.atoms = atoms
        self.bonds = bonds
        self.models = list(models)
