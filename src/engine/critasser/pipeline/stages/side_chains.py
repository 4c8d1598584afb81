"""What the side chains that a map shows say of a structure in a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid, read_map
from critasser.job.stage_run import stage_generator
from critasser.network import ChainReader, choose_device, load_network
from critasser.pipeline.files import SEEN
from critasser.pipeline.stage import Context
from critasser.templates import register_z_score

__all__ = ["COARSEST", "COARSEST_OWN", "UNTOLD", "SideChains", "Told"]

COARSEST, LEAST_Z = 12.0, 1.0
"""Å, the worst resolution at which structures that are read by the target's letters are refused by
their side chains, since no worse maps were looked at; and the z-score of the register below which
they are. In 13 maps of validation chains of 3.2 to 11.8 Å right structures had 1.5 or more
(n = 39), those with a stretch out of register -0.1 or more (n = 13), other folds less in 48 of 52
tries (2.8 at most)."""

COARSEST_OWN, LEAST_Z_OWN = 9.0, 1.5
"""The same of structures that are read by their own letters, which suit their fold also in a wrong
place where helices lie in helices: other folds had 1.7 ± 0.9 so (n = 8, two noisy maps of 7 and
8.6 Å), right ones 3.1 or more. Relatives of 30 % identity have 1.7 or more up to 9 Å, and -1.1 or
more beyond."""

SURE_Z = 4.5
"""z-score from which it is, whatever its score by the density. Higher than chance comes to by far,
since the best of several places counts."""


SAME_CENTRE = 10.0
"""Å between centres of places for which the same wrong poses of a chain serve."""


@dataclass(frozen=True)
class Told:
    """What side chains say of a place.

    Attributes
    ----------
    z_score : float
        Deviations by which the register that a structure has stands out from others; NaN where the
        map was not asked, or too few residues tell it.
    least : float
        Below which it speaks against the structure.
    """

    z_score: float
    least: float = LEAST_Z

    @property
    def sure(self) -> bool:
        """Whether the structure is in its place by side chains alone."""
        return self.z_score >= SURE_Z

    @property
    def against(self) -> str:
        """Why it is not what the map shows there; empty if it may be."""
        if not self.z_score < self.least:
            return ""
        return (
            "has no place in the map where side chains suit its letters better than by chance "
            f"(z-score {self.z_score:.1f}, what is in a map has {self.least:g} or more)"
        )


UNTOLD = Told(float("nan"))
"""Where side chains say nothing."""


@dataclass(frozen=True, eq=False)
class SideChains:
    """Side chains of structures in a map.

    Attributes
    ----------
    reader : ChainReader
    rng : numpy.random.Generator
        Turns the wrong poses with which places are compared.
    least : float
        z-score below which a structure is not what the map shows.
    by_fold : dict of int to list of (ndarray (3,), ndarray (n, 20))
        Of chains by their number, what they tell by themselves about centres that were asked for.
    """

    reader: ChainReader
    rng: np.random.Generator
    least: float = LEAST_Z
    by_fold: dict[int, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = field(
        default_factory=dict
    )

    @classmethod
    def seen(
        cls,
        density: Grid,
        weights: Path,
        resolution: float,
        rng: np.random.Generator,
        *,
        device: str = "auto",
        own: bool = False,
    ) -> SideChains | None:
        """Those of a map as the networks see it; None where it is too coarse to ask.

        Parameters
        ----------
        density : Grid
        weights : Path
            Of the residue network.
        resolution : float
            Å.
        rng : numpy.random.Generator
        device : str
            As in `predict`.
        own : bool
            Whether structures are read by their own letters.
        """
        coarsest, least = (COARSEST_OWN, LEAST_Z_OWN) if own else (COARSEST, LEAST_Z)
        if resolution > coarsest:
            return None
        chosen = choose_device(device)
        return cls(ChainReader(load_network(weights).to(chosen), density, chosen), rng, least)

    @classmethod
    def of(cls, context: Context, *, own: bool = False) -> SideChains | None:
        """Those of a job's map; the stage draws, and reads `SEEN` and ``residue_weights``.

        Stages of a job that ask of the same places in the same order are told the same.
        """
        return cls.seen(
            read_map(context.read(SEEN)), context.external("residue_weights"),
            context.fact("resolution"), stage_generator(context.run.job.seed, "side_chains"),
            device=context.device, own=own,
        )  # fmt: skip

    def log_odds(
        self, number: int, chain: NDArray[np.float64], positions: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Of amino acids (n, 20) along a chain in a place, beyond what its fold alone tells.

        The parameters are those of `told`; NaN where residues are not read.
        """
        here = self.reader.log_probabilities(positions)
        if not np.isfinite(positions).any():
            return here
        return here - self._by_fold(number, chain, np.nanmean(positions, axis=0))

    def told(
        self,
        number: int,
        chain: NDArray[np.float64],
        positions: NDArray[np.float64],
        letters: NDArray[np.int8],
    ) -> Told:
        """What they say of a chain in a place.

        Parameters
        ----------
        number : int
            Of the chain, among those that are asked of.
        chain : ndarray (n, 3)
            Its Cα as it came, Å; NaN where missing.
        positions : ndarray (n, 3)
            Where they lie in the map.
        letters : ndarray (n,)
            Indices into `AMINO_ACIDS`; -1 for residues that do not count.
        """
        if not np.isfinite(positions).any():
            return UNTOLD
        odds = self.log_odds(number, chain, positions)
        return Told(register_z_score(odds, letters), self.least)

    def _by_fold(
        self, number: int, chain: NDArray[np.float64], centre: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        known = self.by_fold.setdefault(number, [])
        for there, found in known:
            if np.linalg.norm(there - centre) <= SAME_CENTRE:
                return found
        found = self.reader.by_fold(chain, centre, self.rng.spawn(1)[0])
        known.append((centre, found))
        return found
