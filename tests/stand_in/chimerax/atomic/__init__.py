"""A stand-in, not ChimeraX: see ../../README.md."""

from typing import ClassVar

from chimerax.core.commands import Annotation, AnnotationError, ModelsArg, next_token
from chimerax.core.models import Model


class Sequence:
    def __init__(self, name="", characters=""):
        self.name = name
        self.characters = characters

    def ungapped(self):
        return self.characters.replace("-", "")


class Residue:
    registered: ClassVar = {}
    insertion_code = ""
    chain = None

    def __init__(self, chain_id, number, bfactor):
        self.chain_id = chain_id
        self.number = number
        self._bfactor = bfactor

    @classmethod
    def register_attr(cls, session, name, registrant, *, attr_type=None, can_return_none=False):
        cls.registered[name] = attr_type

    def find_atom(self, name):
        return type("Atom", (), {"bfactor": self._bfactor})()


class Structure(Model):
    residues = ()


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
