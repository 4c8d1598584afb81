"""Reads a template that lies in the map as the target: which residue stands for which.

Letters tell, and the amino acids that the map shows where the template lies. Where the letters are
not alike, the template's fold tells too, by what the target's sequences say of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure import CalphaSet
from critasser.structure.fold_classes import FoldClasses, fold_likeness
from critasser.structure.sequence_profile import sequence_profile
from critasser.templates.alignment import Alignment, align
from critasser.templates.profile import PROFILE_LIMIT, log_odds
from critasser.templates.together import Placing

__all__ = ["LEAST_Z_BY_FOLD", "TemplateReading"]

LEAST_Z_BY_FOLD = 5.0
"""z-score of the alignment of a chain that is not alike by sequence, the best of several places and
readings; see `critasser.templates.alignment.PIECE`."""

PARTNER = 3.0
"""Å within which a template Cα and a Cα position are taken for the same."""

ALONG_WEIGHT = 1.5
"""Of the log-odds that the residue network reads along the template itself, beside letters and
fold. Templates of like folds (TM-score 0.68 in the mean, n = 10) had a TM-score of 0.20 where read
by letters, 0.38 by the fold too, and in lifelike maps of 5, 6.5 and 8 Å of 0.46, 0.45 and 0.40 by
this too; with weights of 0.5 and 3 of 0.40 and 0.39 in the mean."""


@dataclass(frozen=True, eq=False)
class TemplateReading:
    """One template chain, to be read as the target wherever it lies.

    Attributes
    ----------
    number : int
        Of the chain, among the templates.
    codes : ndarray (n,)
        Of its residues with a Cα: indices into `AMINO_ACIDS`, -1 for X.
    letters : tuple of ndarray
        Of each entity of the target.
    wanted : tuple of int
        Entities that it may be.
    alike : bool
        Whether it is alike to these by its letters.
    folds : tuple of ndarray (n, L of the entity) or None
        Log-odds by its fold, of each wanted entity; None where it is alike: alignments of known
        chains that share 20 to 40 % of their letters were as good without them (TM-score 0.71,
        n = 70), those of nearer relatives worse with them (0.843 for 0.859, n = 85).
    calpha : CalphaSet
        From the map.
    """

    number: int
    codes: NDArray[np.int8]
    letters: tuple[NDArray[np.int8], ...]
    wanted: tuple[int, ...]
    alike: bool
    folds: tuple[NDArray[np.float64] | None, ...]
    calpha: CalphaSet

    @classmethod
    def of(
        cls,
        number: int,
        own: NDArray[np.float64],
        codes: NDArray[np.int8],
        letters: Sequence[NDArray[np.int8]],
        wanted: Sequence[int],
        alike: bool,
        calpha: CalphaSet,
    ) -> TemplateReading:
        """Of a chain's own Cα (n, 3), the rest as the attributes."""
        folds: list[NDArray[np.float64] | None] = [None] * len(wanted)
        if not alike:
            fold = FoldClasses.of(own)
            told = [
                sequence_profile(letters[e], np.zeros(len(letters[e]), dtype=np.int64))
                for e in wanted
            ]
            folds = [fold_likeness(fold, one) for one in told]
        return cls(
            number, codes, tuple(letters), tuple(wanted), alike, tuple(folds), calpha
        )

    def placing(
        self,
        placed: NDArray[np.float64],
        bodies: int,
        along: NDArray[np.float64] | None = None,
        certain: bool = False,
    ) -> Placing | None:
        """The chain in one place, read as the entity that suits it best.

        Parameters
        ----------
        placed : ndarray (n, 3)
            Å; NaN for residues that have no place.
        bodies : int
            Rigid bodies that it lies as.
        along : ndarray (n, 20), optional
            Log-odds of amino acids that are read along it there; NaN where none is.
        certain : bool
            Whether its fold is known to be the map's, however little tells its residues.

        Returns
        -------
        Placing or None
            None where nothing tells which residue is which.
        """
        present = np.isfinite(placed).all(axis=1)
        near, partner = np.zeros(len(placed), dtype=bool), np.zeros(len(placed), dtype=np.int64)
        beside = np.zeros((len(placed), self.calpha.amino_acid.shape[1]))
        if len(self.calpha) and present.any():
            distance, partner[present] = cKDTree(self.calpha.positions).query(placed[present])
            near[present] = distance <= PARTNER
            beside[near] = log_odds(self.calpha)[partner[near]]
        # With and without the map's opinion: where the networks know no amino acids, it misleads.
        witnesses = [beside, None]
        if along is not None and not self.alike:
            clipped = np.clip(np.nan_to_num(along), -PROFILE_LIMIT, PROFILE_LIMIT)
            witnesses.append(ALONG_WEIGHT * clipped)
        readings = [self._as_entity(witness) for witness in witnesses]
        alignment, entity = max(readings, key=lambda reading: reading[0].z_score)
        if not (self.alike or certain or alignment.z_score >= LEAST_Z_BY_FOLD):
            return None
        positions = np.full((len(self.letters[entity]), 3), np.nan)
        positions[alignment.pairs[:, 1]] = placed[alignment.pairs[:, 0]]
        held = partner[near & np.isin(np.arange(len(placed)), alignment.pairs[:, 0])]
        return Placing(
            self.number, entity, alignment, positions, frozenset(map(int, held)), bodies
        )

    def _as_entity(self, witness: NDArray[np.float64] | None) -> tuple[Alignment, int]:
        """The alignment with the entity that suits the chain best, and that entity."""
        readings = [
            (align(self.codes, self.letters[e], witness, fold), e)
            for e, fold in zip(self.wanted, self.folds)
        ]
        return max(readings, key=lambda reading: reading[0].score)
