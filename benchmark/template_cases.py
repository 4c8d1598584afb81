"""List what is measured with templates: targets, each with a structure known from elsewhere."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from benchmark.sets import BenchmarkTarget, targets
from critasser.structure import read_chains, rmsd

__all__ = [
    "FAR",
    "LEARNT_ALONE",
    "ROWS",
    "SHIFT",
    "WARPS",
    "TemplateCase",
    "bent_calpha",
    "cases",
    "foreign_chains",
    "move",
    "write_predicted_like",
]

BEND = (5.0, 30.0)
"""Degrees that models are bent by at a hinge."""

HINGE = (0.3, 0.7)
"""Share of the chain within which the hinge lies: where the sides touch least."""

TOUCHING = 10.0
"""Å between Cα of residues on both sides of a hinge that touch."""

FAR = 100.0
"""Å along each axis, at most, that a template's frame is away from the map's."""

COARSE = (4.0, 8.0)
"""Å of the experimental maps of which own and bent models are templates."""

FINEST_WITHOUT = 4.0
"""Å up to which experimental maps of group bench are built with and without a template."""

PREDICTED_AT = (4.0, 6.0, 8.0, 10.0)
"""Å of the maps of predicted models' natives."""

LONGEST_PREDICTED = 320
"""Residues of these natives."""

PREDICTED_OFF = (2.0, 4.0)
"""Å RMSD of Cα of models that are as far off as middling predictions."""

WARPS, WARPED, WARP = 3, (0.15, 0.85), (10.0, 30.0)
"""Places along the chain at which warped models are bent, the share of the chain within which they
lie, and the degrees."""

SHIFT, SHIFTED = 3, (15, 30)
"""Residues that a stretch of a spoilt template is out of register, at most, and its length."""

LEARNT, LEARNT_AT, LEARNT_LENGTH = 48, (3.0, 12.0), (60, 130)
"""Validation chains that confidence is learnt from, the Å of their maps, and their residues."""

LEARNT_ALONE = 7.0
"""Å to which they are built without a template too: in coarser maps nothing is right then."""

LEARNT_WITH = (("own", "state"), ("bent", "warped"), ("own", "spoilt"), ("state", "warped"))
"""Templates of each, by turns."""

BACKBONE = ("N", "CA", "C", "O")
"""All that a template is read by, and more than that."""


@dataclass(frozen=True, eq=False)
class TemplateCase:
    """A target and a template for it.

    Attributes
    ----------
    row : str
        Of the table.
    target : BenchmarkTarget
    source : Path
        The structure that becomes the template.
    kind : str
        What it is, for people and names of folders.
    bend : float
        Degrees that it is bent by at a hinge.
    shift : int
        Residues by which a stretch of it is out of register.
    error : Path, optional
        Its predicted aligned error.
    warps : int
        Places anywhere along the chain at which it is bent.
    """

    row: str
    target: BenchmarkTarget
    source: Path
    kind: str
    bend: float = 0.0
    shift: int = 0
    error: Path | None = None
    warps: int = 0

    @property
    def name(self) -> str:
        """Of the folder."""
        return f"{self.target.folder}.{self.kind}"

    def write(self, folder: Path) -> Path:
        """Write the template, spoilt as it should be and in a frame of its own."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        structure = gemmi.read_structure(str(self.source))
        structure.remove_alternative_conformations()
        structure.remove_hydrogens()
        residues = [residue for chain in structure[0] for residue in chain]
        if self.shift:
            _out_of_register(residues, self.shift, rng)
        if self.bend:
            _bent(residues, self.bend, rng)
        if self.warps:
            _warped(residues, self.warps, rng)
        turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
        away = rng.uniform(-FAR, FAR, 3)
        move(residues, turn, np.zeros(3), away)
        path = folder / "template.pdb"
        structure.write_pdb(str(path))
        return path


def move(
    residues: list[gemmi.Residue],
    turn: NDArray[np.float64],
    centre: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> None:
    """Turn residues about a centre, then shift them."""
    for residue in residues:
        for atom in residue:
            place = turn @ (np.array(atom.pos.tolist()) - centre) + centre + shift
            atom.pos = gemmi.Position(*place)


def _calpha(residues: list[gemmi.Residue]) -> NDArray[np.float64]:
    found = [residue.find_atom("CA", "*") for residue in residues]
    return np.array([[np.nan] * 3 if atom is None else atom.pos.tolist() for atom in found])


def hinge_of(calpha: NDArray[np.float64]) -> int:
    """Residue before which the two sides of a chain (n, 3) touch least."""
    touching = cdist(calpha, calpha) < TOUCHING
    low, high = (int(share * len(calpha)) for share in HINGE)
    return low + int(np.argmin([int(touching[:k, k:].sum()) for k in range(low, high)]))


def _turn_of(degrees: float, rng: np.random.Generator) -> NDArray[np.float64]:
    axis = rng.normal(size=3)
    return Rotation.from_rotvec(np.deg2rad(degrees) * axis / np.linalg.norm(axis)).as_matrix()


def bent_calpha(
    calpha: NDArray[np.float64], degrees: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], int]:
    """Cα (n, 3) with all after the hinge turned about a random axis through it, and the hinge."""
    hinge = hinge_of(calpha)
    bent = calpha.copy()
    turn = _turn_of(degrees, rng)
    bent[hinge:] = (calpha[hinge:] - calpha[hinge]) @ turn.T + calpha[hinge]
    return bent, hinge


def _bent(residues: list[gemmi.Residue], degrees: float, rng: np.random.Generator) -> None:
    """Turn all after a hinge about a random axis through it."""
    calpha = _calpha(residues)
    hinge = hinge_of(calpha)
    move(residues[hinge:], _turn_of(degrees, rng), calpha[hinge], np.zeros(3))


def _warped(residues: list[gemmi.Residue], count: int, rng: np.random.Generator) -> None:
    """Bend at places of chance: wrong as a whole, right from residue to residue."""
    for _ in range(count):
        place = int(rng.uniform(*WARPED) * len(residues))
        centre = _calpha(residues)[place]
        move(residues[place:], _turn_of(float(rng.uniform(*WARP)), rng), centre, np.zeros(3))


def write_predicted_like(source: Path, path: Path, rng: np.random.Generator) -> None:
    """Write a structure bent at its hinge and at places of chance, in a frame of its own.

    Models are drawn until one is as far off as `PREDICTED_OFF` says.
    """
    structure = gemmi.read_structure(str(source))
    structure.remove_alternative_conformations()
    structure.remove_hydrogens()
    native = _calpha([residue for chain in structure[0] for residue in chain])
    off = 0.0
    while not PREDICTED_OFF[0] <= off <= PREDICTED_OFF[1]:
        bent = structure.clone()
        residues = [residue for chain in bent[0] for residue in chain]
        _bent(residues, float(rng.uniform(*BEND)), rng)
        _warped(residues, WARPS, rng)
        off = rmsd(_calpha(residues), native)
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    move(residues, turn, np.zeros(3), rng.uniform(-FAR, FAR, 3))
    bent.write_pdb(str(path))


def _out_of_register(
    residues: list[gemmi.Residue], shift: int, rng: np.random.Generator
) -> None:
    """Let a stretch be called by its neighbours' names, backbone only."""
    length = int(rng.integers(*SHIFTED))
    begin = int(rng.integers(abs(shift), len(residues) - length - abs(shift)))
    names = [residue.name for residue in residues]
    for k in range(begin, begin + length):
        residues[k].name = names[k + shift]
        for name in [atom.name for atom in residues[k] if atom.name not in BACKBONE]:
            residues[k].remove_atom(name, "*")


def _model(target: BenchmarkTarget) -> Path:
    return target.source.parent / "model.pdb.gz"


def _degrees(name: str) -> float:
    return float(np.random.default_rng(zlib.crc32(name.encode())).uniform(*BEND))


def _coarse(data: Path) -> list[BenchmarkTarget]:
    low, high = COARSE
    return [t for t in targets(data, "experimental") if low <= t.resolution <= high]


def _own(data: Path) -> Iterator[TemplateCase]:
    """Experimental maps of 4–8 Å with their own models."""
    for target in _coarse(data):
        yield TemplateCase("own", target, _model(target), "own")


def _bent_models(data: Path) -> Iterator[TemplateCase]:
    """The same, bent."""
    for target in _coarse(data):
        yield TemplateCase("bent", target, _model(target), "bent", _degrees(target.name))


def _homologues(data: Path) -> Iterator[TemplateCase]:
    """Experimental maps with models of other proteins, or other states of theirs."""
    found = {target.name: target for target in targets(data, "experimental")}
    pairs = [("3J8X_tubulinA", _model(found["3J8X_tubulinB"]), "tubulinB"),
             ("3J8X_tubulinB", _model(found["3J8X_tubulinA"]), "tubulinA"),
             ("EMD-5168_actin_A", data / "predicted" / "EMD-5168_1J6Z" / "unbound.pdb.gz", "1J6Z")]
    for name, path, kind in pairs:  # fmt: skip
        if name in found:
            yield TemplateCase("homologue", found[name], path, kind)


def _predicted(data: Path) -> Iterator[TemplateCase]:
    """Predicted models and other states of single chains, in maps of their natives."""
    with (data / "predicted" / "index.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    for row in rows:
        folder = data / "predicted" / row["name"]
        native = folder / "native.pdb.gz"
        if row["chains"] != "1" or not native.is_file() or "(val)" in row["pool_relatives"]:
            continue
        names = (f"{row['model']}.pdb.gz", f"{row['model']}.cif.gz")
        model = next((folder / name for name in names if (folder / name).is_file()), None)
        chains = read_chains(native)
        if model is None or len(chains) != 1 or len(chains[0]) > LONGEST_PREDICTED:
            continue
        error = folder / "pae.json.gz"
        for resolution in PREDICTED_AT:
            target = BenchmarkTarget(
                row["name"], "lifelike", "predicted", resolution, chains, native, True
            )
            yield TemplateCase(
                "predicted", target, model, row["model"],
                error=error if error.is_file() else None,
            )  # fmt: skip


def _known(data: Path) -> Iterator[TemplateCase]:
    """Experimental maps of group bench up to 4 Å, with the nearest relative that there is."""
    fine = [
        target
        for target in targets(data, "experimental")
        if target.group == "bench" and target.resolution <= FINEST_WITHOUT
    ]
    others = {"EMD-6272_A": "EMD-1461_VP6_box"} | dict.fromkeys(
        ("EMD-1461_VP6_box", "EMD-1461_VP6_zone"), "EMD-6272_A"
    )
    for target in fine:
        if (other := others.get(target.name)) is not None:
            yield TemplateCase("known", target, data / "maps" / other / "model.pdb.gz", other)
        else:
            yield TemplateCase("known", target, _model(target), "bent", _degrees(target.name))


def _learnt(data: Path) -> Iterator[TemplateCase]:
    """Validation chains that confidence is learnt from, without a template and with two each.

    No row of the table: nothing is measured on what was fitted.
    """
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == "val"]
    low, high = LEARNT_LENGTH
    rows = [row for row in rows if low <= int(row["length"]) <= high]
    rng = np.random.default_rng(5)
    order = rng.permutation(len(rows))[:LEARNT]
    # Resolutions in equal shares, and each with and without noise within.
    shares = (np.arange(LEARNT) + rng.uniform(size=LEARNT)) / LEARNT
    resolutions = LEARNT_AT[0] + (LEARNT_AT[1] - LEARNT_AT[0]) * shares
    for k, turn in enumerate(rng.permutation(LEARNT)[: len(order)]):
        row = rows[order[k]]
        path = data / "structures" / row["file"]
        beside = data / "structures" / rows[order[k - 1]]["file"] if k % 3 == 0 else None
        target = BenchmarkTarget(
            row["id"], "lifelike", "learnt", round(float(resolutions[turn]), 1), read_chains(path),
            path, True, None, beside, bool(turn % 2),
        )  # fmt: skip
        if len(target.chains) != 1:
            continue
        for kind in LEARNT_WITH[k % len(LEARNT_WITH)]:
            degrees = float(rng.uniform(*BEND))
            yield TemplateCase(
                "learnt", target, path, kind,
                bend=degrees if kind in ("bent", "spoilt", "state") else 0.0,
                shift=int(rng.integers(1, SHIFT + 1)) if kind == "spoilt" else 0,
                warps=WARPS if kind in ("warped", "state") else 0,
            )  # fmt: skip


ROWS: dict[str, Callable[[Path], Iterator[TemplateCase]]] = {
    "own": _own,
    "homologue": _homologues,
    "bent": _bent_models,
    "predicted": _predicted,
    "known": _known,
    "learnt": _learnt,
}
"""Cases by the row of the table that they count in."""


def cases(data: Path, row: str) -> list[TemplateCase]:
    """The cases of a row, the shortest first."""
    return sorted(ROWS[row](data), key=lambda case: len(case.target.native))


def foreign_chains(
    data: Path, length: int, count: int, seed: int, *, not_like: str = ""
) -> list[Path]:
    """Chains of split val of about that many residues, none a relative of chain `not_like`."""
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        every = list(csv.DictReader(lines, delimiter="\t"))
    cluster = {row["id"]: row["cluster25"] for row in every}.get(not_like)
    rows = [row for row in every if row["split"] == "val" and row["cluster25"] != cluster]
    near = sorted(rows, key=lambda row: abs(int(row["length"]) - length))[: 4 * count]
    order = np.random.default_rng(seed).permutation(len(near))[:count]
    return [data / "structures" / near[k]["file"] for k in order]
