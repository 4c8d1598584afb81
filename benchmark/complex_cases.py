"""List complexes of several chains to build: packed ones, experimental maps, antibodies."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from scipy.spatial.transform import Rotation

from benchmark.lifelike import lifelike_map
from benchmark.packing import packed
from benchmark.template_cases import FAR, move, write_predicted_like
from critasser.density import write_map
from critasser.structure import ProteinChain, read_chains
from critasser.writing import appearing

__all__ = ["Complex", "antibodies", "experimental_complexes", "packed_complexes"]

WAYS = 12
"""Directions from which a chain is brought to the others."""

EXPERIMENTAL = {
    "EMD-3488": ((2, 2),),
    "EMD-0093": ((1,), (4,)),
}
"""Copies of each sequence that are asked for, of experimental maps."""

OTHER = 3
"""Places in the list of antibodies to the one whose models are given as relatives: neighbours in
the list are often antibodies against one antigen."""


@dataclass(frozen=True)
class Complex:
    """Chains in one map.

    Attributes
    ----------
    name : str
    resolution : float
        Å.
    native : tuple of ProteinChain
        In the map's frame.
    fasta : str
        What is asked for.
    foreign : frozenset of str
        Letters of sequences that are not in the map.
    map : Path
    templates : tuple of Path
        Structures that are given, each in a frame of its own.
    """

    name: str
    resolution: float
    native: tuple[ProteinChain, ...]
    fasta: str
    foreign: frozenset[str]
    map: Path
    templates: tuple[Path, ...] = ()


def _rows(data: Path, group: str, shortest: int, longest: int) -> list[tuple[str, Path]]:
    """Names and files of chains of a group, of whole residues only."""
    table = data / "bench.tsv" if group == "bench" else data / "structures" / "index.tsv"
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    if group != "bench":
        rows = [row for row in rows if row["split"] == group]
    found = []
    for row in rows:
        if shortest <= int(row["length"]) <= longest:
            path = data / "structures" / "pdb" / f"{row['id']}.pdb.gz"
            (chain, *_) = read_chains(path)
            if "X" not in chain.letters and np.isfinite(chain.calpha).all():
                found.append((row["id"], path))
    return found


def packed_complexes(
    data: Path,
    work: Path,
    resolution: float,
    *,
    group: str,
    count: int,
    skip: int = 0,
    chains: tuple[int, int],
    lengths: tuple[int, int],
    copies: float,
    foreign: int,
    models: bool,
) -> Iterator[Complex]:
    """Complexes of chains of a group.

    Parameters
    ----------
    data, work : Path
        Of the shared data, and where maps are written.
    resolution : float
        Å.
    group : str
        ``val`` or ``bench``.
    count : int
    skip : int
        Complexes before the first of them: those that something was chosen by are not to judge it.
    chains, lengths : (int, int)
        Fewest and most chains, and residues of each.
    copies : float
        How likely a further chain is a copy of one that is there.
    foreign : int
        Sequences that do not belong.
    models : bool
        Give a model of each sequence as good as a predicted one, also of those.
    """
    rows = _rows(data, group, *lengths)
    for seed in range(skip + 1, skip + count + 1):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(rows)).tolist()
        number = int(rng.integers(chains[0], chains[1] + 1))
        chosen: list[int] = []
        while len(chosen) < number:
            again = bool(chosen) and rng.random() < copies
            chosen.append(int(rng.choice(chosen)) if again else order.pop())
        structure = packed([rows[k][1] for k in chosen], rng, ways=WAYS)
        folder = work / f"{group}-{seed}-{number}x{lengths[0]}-{lengths[1]}-{resolution:g}A"
        folder.mkdir(parents=True, exist_ok=True)
        native, density = folder / "native.cif", folder / "map.mrc"
        if not density.exists():
            structure.setup_entities()
            structure.make_mmcif_document().write_file(str(native))
            grid = lifelike_map(
                data, native, resolution, np.random.default_rng(seed), None,
                noise_in_molecule=True,
            )  # fmt: skip
            with appearing(density) as temporary:
                write_map(temporary, grid)
        others = [order.pop() for _ in range(foreign)]
        letters = {k: read_chains(rows[k][1])[0].letters for k in (*chosen, *others)}
        records = [(k, chosen.count(k)) for k in dict.fromkeys(chosen)] + [(k, 1) for k in others]
        # What does not belong is not the last that is asked for.
        records = [records[k] for k in rng.permutation(len(records))]
        fasta = "".join(f">{rows[k][0]} copies={n}\n{letters[k]}\n" for k, n in records)
        given = []
        for k, _ in records if models else ():
            given.append(folder / f"{rows[k][0]}.pdb")
            if not given[-1].exists():
                write_predicted_like(rows[k][1], given[-1], np.random.default_rng([seed, k]))
        yield Complex(
            folder.name + (f"-{foreign}foreign" if foreign else "") + "-models" * models,
            resolution, tuple(read_chains(native)), fasta,
            frozenset(letters[k] for k in others), density, tuple(given),
        )  # fmt: skip


def antibodies(data: Path, work: Path, resolution: float, relatives: bool) -> Iterator[Complex]:
    """Fv pairs, heavy and light chain, with predicted models of their own or of others' chains.

    Sequences and models come in an order of chance, each by itself.

    Parameters
    ----------
    data, work : Path
        Of the shared data, and where maps are written.
    resolution : float
        Å.
    relatives : bool
        Give the models of another antibody.
    """
    every = sorted((data / "predicted").glob("AB_Fv_*"))
    for number, one in enumerate(every):
        native = tuple(read_chains(one / "native.pdb.gz"))
        if len(native) != 2 or any("X" in chain.letters for chain in native):
            continue
        rng = np.random.default_rng(number)
        name = f"{one.name}-{resolution:g}A" + "-relatives" * relatives
        folder = work / name
        folder.mkdir(parents=True, exist_ok=True)
        density = work / f"{one.name}-{resolution:g}A.mrc"
        if not density.exists():
            grid = lifelike_map(
                data, one / "native.pdb.gz", resolution, np.random.default_rng(number), None,
                noise_in_molecule=True,
            )  # fmt: skip
            with appearing(density) as temporary:
                write_map(temporary, grid)
        source = every[(number + OTHER) % len(every)] if relatives else one
        known = gemmi.read_structure(str(next(source.glob("a*.pdb.gz"))))
        given = []
        for k in rng.permutation(2).tolist():
            part = gemmi.Structure()
            part.add_model(gemmi.Model(1)).add_chain(known[0][k])
            turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
            move([*part[0][0]], turn, np.zeros(3), rng.uniform(-FAR, FAR, 3))
            given.append(folder / f"{source.name}_{known[0][k].name}.pdb")
            part.write_pdb(str(given[-1]))
        asked = [native[k] for k in rng.permutation(2)]
        fasta = "".join(f">{chain.name}\n{chain.letters}\n" for chain in asked)
        yield Complex(name, resolution, native, fasta, frozenset(), density, tuple(given))


def experimental_complexes(data: Path) -> Iterator[Complex]:
    """Experimental maps of several chains."""
    for name, asked in EXPERIMENTAL.items():
        folder = data / "maps" / name
        about = json.loads((folder / "meta.json").read_text())
        native = tuple(read_chains(folder / "model.pdb.gz"))
        letters = list(dict.fromkeys(chain.letters for chain in native))
        for copies in asked:
            fasta = "".join(
                f">{name}_{k + 1} copies={n}\n{letters[k].replace('X', '')}\n"
                for k, n in enumerate(copies)
            )
            yield Complex(
                f"{name}-{'-'.join(map(str, copies))}", float(about["resolution_A"]), native,
                fasta, frozenset(), folder / "map.mrc.gz",
            )  # fmt: skip
