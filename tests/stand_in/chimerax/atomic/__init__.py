"""A stand-in, not ChimeraX: see ../../README.md."""

from typing import ClassVar

import numpy as np

from chimerax.core.commands import Annotation, AnnotationError, ModelsArg, next_token
from chimerax.core.models import Model

_LETTERS = {"ALA": "A", "LEU": "L", "GLU": "E", "LYS": "K", "GLY": "G", "TRP": "W"}


class Sequence:
    def __init__(self, name="", characters=""):
        self.name = name
        self.characters = characters

    def ungapped(self):
        return self.characters.replace("-", "")


class _Attributed:
    registered: ClassVar = {}
    insertion_code = ""
    chain = None

    @classmethod
    def register_attr(cls, session, name, registrant, *, attr_type=None, can_return_none=False):
        cls.registered[name] = attr_type


class Atom:
    def __init__(self, residue, coord, bfactor):
        self.residue = residue
        self.name = "CA"
        self.coord = np.asarray(coord, dtype=float)
        self.bfactor = bfactor
        self.selected = False
        self.display = False
        self.draw_mode = 0

    @property
    def scene_coord(self):
        return self.residue.structure.scene_position * self.coord


class Residue(_Attributed):
    """One with a Cα and nothing else."""

    insertion_code = ""
    polymer_type = 1
    phi = psi = omega = None
    chis = ()

    def __init__(self, chain_id, number, bfactor, name="ALA", coord=(0, 0, 0), structure=None):
        self.chain_id = chain_id
        self.number = number
        self.name = name
        self.structure = structure
        self.ribbon_display = True
        self.atom = Atom(self, coord, bfactor)

    def find_atom(self, name):
        return self.atom if name == "CA" else None

    @property
    def atoms(self):
        return Atoms([self.atom])

    def get_chi(self, number, account_for_symmetry):
        return self.chis[number - 1] if number <= len(self.chis) else None


def _each(name, dtype=None):
    """A property of a collection: the values of all, and one or all to be set."""

    def get(self):
        return np.array([getattr(one, name) for one in self], dtype=dtype)

    def put(self, values):
        for one, value in zip(self, np.broadcast_to(values, len(self))):
            setattr(one, name, value)

    return property(get, put)


class Residues(list):
    ribbon_displays = _each("ribbon_display", bool)

    def unique(self):
        return Residues(dict.fromkeys(self))

    @property
    def chain_ids(self):
        return [residue.chain_id for residue in self]

    @property
    def ribbon_colors(self):
        return np.full((len(self), 4), 255, dtype=np.uint8)

    @property
    def numbers(self):
        return np.array([residue.number for residue in self])

    @property
    def atoms(self):
        return Atoms(residue.atom for residue in self)


class Atoms(list):
    displays = _each("display", bool)
    draw_modes = _each("draw_mode")

    @property
    def names(self):
        return np.array([atom.name for atom in self], dtype=object)

    @property
    def residues(self):
        return Residues(atom.residue for atom in self)

    @property
    def coords(self):
        return np.array([atom.coord for atom in self]).reshape(-1, 3)

    @property
    def scene_coords(self):
        return np.array([atom.scene_coord for atom in self]).reshape(-1, 3)

    @property
    def intra_bonds(self):
        return ()

    @property
    def bfactors(self):
        return np.array([atom.bfactor for atom in self])

    def filter(self, mask):
        return Atoms(atom for atom, wanted in zip(self, mask) if wanted)


class Chain(Sequence):
    def __init__(self, chain_id, residues):
        super().__init__(chain_id, "".join(_LETTERS.get(r.name, "X") for r in residues))
        self.chain_id = chain_id
        self.structure = residues[0].structure
        self.residues = residues
        self.existing_residues = Residues(residues)


class Structure(Model, _Attributed):
    residues = ()

    def update_graphics_if_needed(self):
        pass

    @property
    def num_residues(self):
        return len(self.residues)

    @property
    def atoms(self):
        return Residues(self.residues).atoms

    @property
    def chains(self):
        names = dict.fromkeys(residue.chain_id for residue in self.residues)
        return [Chain(n, [r for r in self.residues if r.chain_id == n]) for n in names]


class AtomicStructure(Structure):
    """A structure that is no set of markers."""


class AtomicStructuresArg(ModelsArg):
    pass


class AtomicStructureArg(ModelsArg):
    pass


class AtomsArg(ModelsArg):
    pass


class ResiduesArg(ModelsArg):
    pass


class SequencesArg(Annotation):
    @classmethod
    def parse(cls, text, session):
        word, used, rest = next_token(text)
        if not word.isalpha() or not word.isupper():
            raise AnnotationError(f"{word} is no sequence")
        return [Sequence("typed", word)], used, rest


def all_atomic_structures(session):
    return [model for model in session.models.list() if isinstance(model, Structure)]
