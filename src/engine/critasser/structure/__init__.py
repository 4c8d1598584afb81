"""Protein chains: sequences, positions, traces and models; reading, writing, geometry, scores."""

from critasser.structure.alphabet import (
    AMINO_ACIDS,
    ATOMIC_NUMBER,
    ONE_TO_THREE,
    SECONDARY_STRUCTURE,
    THREE_TO_ONE,
)
from critasser.structure.bonds import Bonds
from critasser.structure.calpha import CalphaSet, CalphaTriples, Template, Trace
from critasser.structure.chain import ProteinChain
from critasser.structure.contacts import read_contact_file, read_contacts, write_contacts
from critasser.structure.fasta import NucleicRecord, SequenceFile, read_fasta, read_sequences
from critasser.structure.left_out import LeftOut
from critasser.structure.mmcif import chain_names, write_calpha, write_model, write_positions
from critasser.structure.model import AtomicModel
from critasser.structure.modelfile import NO_NAME, ModelFile, ModelResidue
from critasser.structure.moving import write_moved
from critasser.structure.predicted_files import predicted_errors
from critasser.structure.reading import Protein, read_chains, read_protein
from critasser.structure.scores import cr_score, d0, greedy_pairs, match_one_to_one, tm_score
from critasser.structure.secondary import COIL, HELIX, STRAND, assign_secondary_structure
from critasser.structure.sequence import Sequence, Target
from critasser.structure.superposition import kabsch, rmsd
from critasser.structure.symmetry import Symmetry, group_rotations, screw_powers, symmetry_name

__all__ = [
    "AMINO_ACIDS",
    "ATOMIC_NUMBER",
    "COIL",
    "HELIX",
    "NO_NAME",
    "ONE_TO_THREE",
    "SECONDARY_STRUCTURE",
    "STRAND",
    "THREE_TO_ONE",
    "AtomicModel",
    "Bonds",
    "CalphaSet",
    "CalphaTriples",
    "LeftOut",
    "ModelFile",
    "ModelResidue",
    "NucleicRecord",
    "Protein",
    "ProteinChain",
    "Sequence",
    "SequenceFile",
    "Symmetry",
    "Target",
    "Template",
    "Trace",
    "assign_secondary_structure",
    "chain_names",
    "cr_score",
    "d0",
    "greedy_pairs",
    "kabsch",
    "match_one_to_one",
    "predicted_errors",
    "read_chains",
    "read_contact_file",
    "read_contacts",
    "read_fasta",
    "read_protein",
    "read_sequences",
    "rmsd",
    "group_rotations",
    "screw_powers",
    "symmetry_name",
    "tm_score",
    "write_calpha",
    "write_contacts",
    "write_model",
    "write_moved",
    "write_positions",
]
