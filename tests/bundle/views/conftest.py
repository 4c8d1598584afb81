"""A person's own model, as it is open in a session."""

from types import SimpleNamespace

import numpy as np
import pytest
from chimerax.atomic import Residue, Structure
from chimerax.geometry import Place


class Residues(list):
    """As ChimeraX's collection of residues, for the little that is asked of it."""

    def __getitem__(self, which):
        found = super().__getitem__(which)
        return Residues(found) if isinstance(which, slice) else found

    unique_structures = property(lambda self: list({r.structure: None for r in self}))
    unique_chains = property(lambda self: list({r.chain: None for r in self}))


class OfAtoms(list):
    """Residues of atoms, one for each."""

    names = property(lambda self: ["HOH" if r.polymer_type == 0 else "ALA" for r in self])
    polymer_types = property(lambda self: [r.polymer_type for r in self])


class Atoms(SimpleNamespace):
    """Arrays of what is known of atoms."""

    def __len__(self):
        return len(self.coords)


class Opened(Structure):
    """A structure whose atoms are given as arrays."""

    atoms = None


@pytest.fixture
def open_model():
    """Open a model of residues with one atom each: (chain, number, insertion code), and water.

    It lies in the map of `open_volume`, wherever both have been moved.
    """

    def open_one(session, names, place=None, volume=None):
        structure = Opened("mine.pdb", session)
        structure.scene_position = place or Place()
        chains = {}
        residues = Residues()
        for chain, number, code in names:
            residue = Residue(chain, number, 20.0)
            residue.insertion_code, residue.structure = code, structure
            known = SimpleNamespace(
                existing_residues=[], full_sequence_known=False, ungapped=lambda: "AAAA"
            )
            residue.chain = chains.setdefault(chain, type("Chain", (), vars(known))())
            residue.chain.existing_residues.append(residue)
            residues.append(residue)
        water = Residue("A", 900, 30.0)
        water.structure, water.polymer_type = structure, 0
        every = [*residues, water]
        structure.residues = Residues(every)
        n = len(every)
        positions = [12.0, -2.0, 7.0] + np.arange(3.0 * n).reshape(n, 3) / 10
        if volume is not None:
            positions = volume.scene_position * positions
        positions = structure.scene_position.inverse() * positions
        structure.atoms = Atoms(
            coords=np.asarray(positions),
            element_names=["C"] * (n - 1) + ["O"],
            names=["CA"] * (n - 1) + ["O"],
            occupancies=np.ones(n),
            bfactors=np.full(n, 20.0),
            residues=OfAtoms(every),
        )
        session.models.add([structure])
        return structure, residues

    return open_one
