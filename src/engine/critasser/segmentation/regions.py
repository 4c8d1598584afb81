"""Regions of a map as groups of basins, which can be merged, split and left out."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["CHAIN_RESIDUES", "RESIDUE_VOLUME", "Regions", "merged", "relabelled"]

RESIDUE_VOLUME = 1.21 * 110.0
"""Å³ of a residue: 1.21 Å³ a dalton, 110 daltons."""

VOLUME_WEIGHT, RIM, RIM_GROWTH = 0.54, 0.55, 1.61
"""What a molecule's volume is, of the volume V and the surface S that its map has above a level:
``(VOLUME_WEIGHT · V / Å + S) · RIM · exp(RIM_GROWTH · level)``, RIM in Å, the level in the
molecule's mean density above the background.

Fitted on 17 experimental maps of split train by ``python -m benchmark.regions``, where it makes 0.7
to 1.3 times the residues that are there, at levels of 0.3 to 1.
"""

LOWEST_LEVEL, HIGHEST_LEVEL = 0.2, 1.2
"""Levels by which the rim grows: no others were looked at."""

USUAL_LEVEL = 0.5
"""Where the level is not known."""

CHAIN_RESIDUES = 300
"""Of a usual chain, where no sequence tells more."""


@dataclass(frozen=True)
class Regions:
    """What never changes of a segmented map; the groups in force are kept beside it.

    Attributes
    ----------
    labels : ndarray (dz, dy, dx) of uint32
        Number of each voxel's basin, in the box that holds them all; 0 outside.
    offset, shape : tuple of 3 ints
        First voxel of the box, and size, of the whole map.
    scales : ndarray (k, n + 1) of uint32
        For each scale, fine to coarse, the number of each basin's group.
    densities : ndarray (n + 1,)
        Sum of the density of each basin.
    voxel_volume : float
        Å³.
    level : float
        What is outside is below it: in the molecule's mean density above the background.
    """

    labels: np.ndarray
    offset: tuple[int, int, int]
    shape: tuple[int, int, int]
    scales: np.ndarray
    densities: np.ndarray
    voxel_volume: float
    level: float = USUAL_LEVEL

    @property
    def count(self) -> int:
        """Number of basins."""
        return self.scales.shape[1] - 1

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where the box is in the whole map."""
        return tuple(slice(o, o + n) for o, n in zip(self.offset, self.labels.shape))

    @cached_property
    def voxels(self) -> np.ndarray:
        """Voxels of each basin, (n + 1,); none for basin 0."""
        found = np.bincount(self.labels.ravel(), minlength=self.count + 1)
        found[0] = 0
        return found

    @cached_property
    def surfaces(self) -> np.ndarray:
        """Å² of each basin's voxels towards what is in no basin, (n + 1,); none for basin 0."""
        found = np.zeros(self.count + 1)
        for axis in range(3):
            labels = np.moveaxis(self.labels, axis, 0)
            inside = labels != 0
            first, last = inside.copy(), inside.copy()
            first[1:] &= ~inside[:-1]
            last[:-1] &= ~inside[1:]
            for open_side in (first, last):
                found += np.bincount(labels[open_side], minlength=self.count + 1)
        return found * self.voxel_volume ** (2 / 3)

    @cached_property
    def contacts(self) -> np.ndarray:
        """Pairs of basins whose voxels share faces, and how many faces: (m, 3) of int64."""
        pairs = []
        labels = self.labels
        for axis in range(3):
            before = np.delete(labels, -1, axis) if labels.shape[axis] else labels
            behind = np.delete(labels, 0, axis) if labels.shape[axis] else labels
            met = (before != behind) & (before != 0) & (behind != 0)
            one, other = before[met].astype(np.int64), behind[met].astype(np.int64)
            pairs.append(np.minimum(one, other) * (self.count + 1) + np.maximum(one, other))
        found, faces = np.unique(np.concatenate(pairs), return_counts=True)
        return np.stack([found // (self.count + 1), found % (self.count + 1), faces], axis=1)

    def volumes(self, group: np.ndarray) -> np.ndarray:
        """Å³ of each region, by its number; none for 0, which is outside."""
        found = np.bincount(group, weights=self.voxels) * self.voxel_volume
        found[0] = 0.0
        return found

    def residues(self, group: np.ndarray) -> np.ndarray:
        """Residues of protein that each region holds, by its number: its volume and a rim."""
        level = min(max(self.level, LOWEST_LEVEL), HIGHEST_LEVEL)
        rim = RIM * np.exp(RIM_GROWTH * level)
        around = np.bincount(group, weights=self.surfaces)
        found = rim * (VOLUME_WEIGHT * self.volumes(group) + around) / RESIDUE_VOLUME
        found[0] = 0.0
        return found

    def mean_densities(self, group: np.ndarray) -> np.ndarray:
        """Mean density of each region, by its number; NaN for numbers without."""
        size = np.bincount(group, weights=self.voxels)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.bincount(group, weights=self.densities) / size

    def neighbours(self, group: np.ndarray) -> np.ndarray:
        """Pairs of regions that touch, and by how many faces: (m, 3) of int64."""
        one, other = group[self.contacts[:, 0]], group[self.contacts[:, 1]]
        apart = (one != other) & (one != 0) & (other != 0)
        low = np.minimum(one, other)[apart].astype(np.int64)
        high = np.maximum(one, other)[apart].astype(np.int64)
        if not low.size:
            return np.zeros((0, 3), dtype=np.int64)
        many = int(high.max()) + 1
        found, where = np.unique(low * many + high, return_inverse=True)
        faces = np.bincount(where.ravel(), weights=self.contacts[apart, 2]).astype(np.int64)
        return np.stack([found // many, found % many, faces], axis=1)

    def index_box(self, group: np.ndarray) -> np.ndarray:
        """Numbers of regions in the box of the basins."""
        return group[self.labels]

    def index_map(self, group: np.ndarray) -> np.ndarray:
        """Numbers of regions on the whole map's grid, 0 outside: (nz, ny, nx) of uint32."""
        found = np.zeros(self.shape, dtype=np.uint32)
        found[self.box] = self.index_box(group)
        return found

    def tidied(self, group: np.ndarray, least: float, *, drop: bool = True) -> np.ndarray:
        """Groups without small ones: those go to the neighbour with most contact.

        Parameters
        ----------
        group : ndarray (n + 1,)
        least : float
            Å³.
        drop : bool
            What is small and touches nothing is left out; else it stays.
        """
        group = group.copy()
        while True:
            volumes = self.volumes(group)
            small = (volumes > 0) & (volumes < least)
            touching = self.neighbours(group)
            touching = np.concatenate([touching, touching[:, [1, 0, 2]]])
            touching = touching[small[touching[:, 0]]]
            # The larger one stays, so that two small ones do not change places for ever.
            key = volumes[touching[:, 1]], touching[:, 1]
            own = volumes[touching[:, 0]], touching[:, 0]
            larger = (key[0] > own[0]) | ((key[0] == own[0]) & (key[1] < own[1]))
            touching = touching[larger]
            if not len(touching):
                break
            order = np.lexsort((touching[:, 2], touching[:, 0]))
            touching = touching[order]
            last = np.append(touching[1:, 0] != touching[:-1, 0], True)
            into = np.arange(len(volumes), dtype=group.dtype)
            into[touching[last, 0]] = touching[last, 1]
            while not np.array_equal(into[into], into):
                into = into[into]
            group = into[group]
        if drop:
            group[(self.volumes(group) < least)[group]] = 0
        return group

    def at_scale(self, scale: int, least: float) -> np.ndarray:
        """Regions at one scale, largest first, without small ones."""
        return relabelled(self.tidied(self.scales[scale].copy(), least), self)

    def largest_first(self, group: np.ndarray) -> np.ndarray:
        """The same regions, numbered from 1, largest first."""
        return relabelled(group, self)

    def best_scale(self, residues: float) -> int:
        """The scale at which a residue's region is, on average, nearest to this size in ratio."""
        best, nearest = 0, np.inf
        for scale, group in enumerate(self.scales):
            sizes = self.residues(group)
            total = sizes.sum()
            typical = (sizes**2).sum() / total if total else 0.0
            apart = abs(np.log(max(typical, 1e-9) / residues))
            if apart < nearest:
                best, nearest = scale, apart
        return best

    def parts(self, group: np.ndarray, number: int, least: float) -> np.ndarray | None:
        """The parts of a region at the coarsest scale at which it has several.

        Parameters
        ----------
        group : ndarray (n + 1,)
        number : int
            Of the region.
        least : float
            Å³ of the smallest part.

        Returns
        -------
        ndarray (n + 1,) or None
            Numbers of the parts from 1, largest first, 0 for other basins; None where the region
            has but one maximum.
        """
        own = group == number
        for labels in (*self.scales[::-1], np.arange(self.count + 1)):
            part = np.where(own, labels, 0)
            if (self.volumes(part) >= least).sum() < 2:
                continue
            part = self.tidied(part, least, drop=False)
            sizes = self.volumes(part)
            loose = (sizes > 0) & (sizes < least)
            part[loose[part]] = np.argmax(sizes)
            if len(np.unique(part[own])) > 1:
                return relabelled(part, self)
        return None

    def snapshot(self) -> dict[str, Any]:
        """For a session: plain values, arrays compressed."""
        return {
            "box": self.labels.shape,
            "labels": zlib.compress(np.ascontiguousarray(self.labels, "<u4").tobytes(), 1),
            "offset": self.offset,
            "shape": self.shape,
            "scales": self.scales,
            "densities": self.densities,
            "voxel_volume": self.voxel_volume,
            "level": self.level,
        }

    @classmethod
    def from_snapshot(cls, data: Mapping[str, Any]) -> Regions:
        """What `snapshot` gave.

        Raises
        ------
        ValueError
            The parts do not fit together.
        """
        box = tuple(int(n) for n in data["box"])
        shape = tuple(int(n) for n in data["shape"])
        offset = tuple(int(n) for n in data["offset"])
        size = 4 * int(np.prod(box, dtype=np.int64))
        inflate = zlib.decompressobj()
        raw = inflate.decompress(data["labels"], size + 1)
        scales = np.asarray(data["scales"], dtype=np.uint32)
        densities = np.asarray(data["densities"], dtype=np.float64)
        if len(raw) != size or any(
            o < 0 or o + n > whole for o, n, whole in zip(offset, box, shape)
        ):
            raise ValueError("the index map has not the size that it should have")
        labels = np.frombuffer(raw, dtype="<u4").astype(np.uint32).reshape(box)
        if scales.ndim != 2 or densities.shape != (scales.shape[1],):
            raise ValueError("the tables of regions do not fit each other")
        if labels.size and int(labels.max()) >= scales.shape[1]:
            raise ValueError("the index map has regions that the tables lack")
        level = float(data.get("level", USUAL_LEVEL))  # sessions of before have none
        if not np.isfinite(level):
            raise ValueError("the level is no number")
        return cls(labels, offset, shape, scales, densities, float(data["voxel_volume"]), level)


def merged(group: np.ndarray, numbers: Sequence[int], into: int) -> np.ndarray:
    """Groups with some regions made one."""
    found = group.copy()
    found[np.isin(group, np.asarray(numbers, dtype=group.dtype))] = into
    return found


def relabelled(group: np.ndarray, regions: Regions) -> np.ndarray:
    """Numbers from 1, largest region first."""
    sizes = np.bincount(group, weights=regions.voxels)
    sizes[0] = 0
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    new = np.zeros(len(sizes), dtype=np.uint32)
    new[order] = np.arange(1, len(order) + 1)
    return new[group]
