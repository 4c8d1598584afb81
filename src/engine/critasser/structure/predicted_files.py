"""Find the predicted aligned error that lies beside a predicted structure, by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["NAMES", "find_predicted_error", "predicted_errors"]

NAMES = (
    (r"(AF-.+)-model_(v\d+)\.(?:pdb|cif)", r"\1-predicted_aligned_error_\2.json"),
    (r"(.+)_(?:un)?relaxed_(rank_.+)\.(?:pdb|cif)", r"\1_scores_\2.json"),
    (r"(.+)_model_(\d+)\.cif", r"\1_full_data_\2.json"),
    (r"(.+)_sample_(\d+)\.cif", r"\1_full_data_sample_\2.json"),
    (r"(?:un)?relaxed_(model_.+)\.pdb", r"pae_\1.json"),
    (r"(.+_model_\d+)\.(?:pdb|cif)", r"pae_\1.npz"),
    (r"((?:.+_)?)model\.cif", r"\1confidences.json"),
)
"""Names of structures and of their errors: AlphaFold Database, ColabFold, AlphaFold 3's server,
Protenix, AlphaFold 2 at home, Boltz, AlphaFold 3 at home and RoseTTAFold 3."""

PACKED = ".gz"


def find_predicted_error(structure: Path) -> Path | None:
    """The file with the predicted aligned error of a structure, in the same folder.

    Parameters
    ----------
    structure : Path
        PDB or mmCIF, may be compressed by gzip.

    Returns
    -------
    Path or None
        None where no file has a name that belongs to it.
    """
    name = structure.name.removesuffix(PACKED)
    for pattern, replacement in NAMES:
        match = re.fullmatch(pattern, name)
        if match is None:
            continue
        beside = structure.with_name(match.expand(replacement))
        for path in (beside, beside.with_name(beside.name + PACKED)):
            if path.is_file():
                return path
    return None


def predicted_errors(
    structures: Sequence[Path], given: Sequence[str | Path | None] | None = None
) -> tuple[Path | None, ...]:
    """Predicted aligned error of each structure: what is given, or else what lies beside it.

    Returns
    -------
    tuple of Path or None
        Empty where none has any.
    """
    if given is not None:
        return tuple(None if path is None else Path(path).resolve() for path in given)
    found = tuple(map(find_predicted_error, structures))
    return found if any(found) else ()
