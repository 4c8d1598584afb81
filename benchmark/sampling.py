"""Measure how many moves a second the Monte Carlo makes, and what each term of the energy costs.

    python -m benchmark.sampling --residues 100 400 1200

Chains of split val are packed side by side until there are as many residues as asked, in a
simulated map at 3.5 Å with noise, and sampled from noisy traces with a tenth missing, at one
temperature, on one core, by CPU time; kernels are compiled before. For the cost of a term, as many
moves are proposed again and the term alone is reckoned for the residues of each: the terms of the
second step for those moves only that come so far.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.trace_scaling import pack, predict_calpha
from critasser.assembly.chain_kernels import WINDOW, window_energies
from critasser.assembly.energy import build_model, calpha_of, new_state
from critasser.assembly.frame_kernels import residue_frame
from critasser.assembly.move_kernels import MOVES, Chains, propose
from critasser.assembly.pair_kernels import calpha_pairs, sidechain_pairs
from critasser.assembly.place_kernels import place_energies, restraint_energy, side_energy
from critasser.assembly.random_kernels import next_uniform, seed_stream
from critasser.assembly.replicas import MIX
from critasser.assembly.sampling_kernels import first_step, sweep, widened
from critasser.assembly.starts import make_starts
from critasser.assembly.terms import Model, State
from critasser.density import Grid, normalise, simulate
from critasser.structure import CalphaSet, ProteinChain, Sequence, Target, Trace
from critasser.structure.compilation import borrowed

__all__ = ["COSTS", "RESOLUTION", "main", "measure", "noisy_map", "noisy_system"]

RESOLUTION, NOISE = 3.5, 0.15
"""Å, and standard deviation of the noise over that of the map."""
TRACES, OFF, MISSING, LONGEST_GAP = 6, 0.7, 0.1, 8
"""Traces, by how many Å (root mean square) they are off, their share of missing residues, and the
residues of a gap at most."""
TEMPERATURE = 0.8
SETTLING, SWEEPS, REPEATS = 20, 60, 3
"""Sweeps before anything is measured, those measured, and how often: the fastest counts."""


def noisy_map(chains: list[ProteinChain], rng: np.random.Generator) -> Grid:
    """The map of chains at 3.5 Å, with noise."""
    positions = np.concatenate([chain.positions for chain in chains])
    amplitudes = np.concatenate([chain.amplitudes for chain in chains])
    density = simulate(positions, amplitudes, RESOLUTION, padding=8.0)
    noise = NOISE * density.values.std() * rng.normal(size=density.shape)
    return density.with_values((density.values + noise).astype(np.float32))


def noisy_system(
    chains: list[ProteinChain], seed: int
) -> tuple[Target, list[Trace], CalphaSet, Grid]:
    """Target, traces, predicted Cα and map of packed chains."""
    rng = np.random.default_rng(seed)
    calpha, _ = predict_calpha(chains, 2.5, rng)
    density = normalise(noisy_map(chains, rng))
    native = np.concatenate([chain.calpha for chain in chains])
    traces = []
    for k in range(TRACES):
        off = native + OFF * rng.normal(size=native.shape) / np.sqrt(3)
        gone = np.zeros(len(off), dtype=bool)
        while gone.mean() < MISSING:
            begin = rng.integers(len(off))
            gone[begin : begin + rng.integers(1, LONGEST_GAP)] = True
        off[gone] = np.nan
        confidence = np.where(gone, 0.0, rng.uniform(0.5, 1.0, len(off)))
        traces.append(Trace(off, confidence, 1.0, f"noisy {k}"))
    target = Target(tuple(Sequence(f"{k}", chain.letters) for k, chain in enumerate(chains)))
    return target, traces, calpha, density


@njit(error_model="numpy")
def _propose_only(model, state, mix, starts, stream, moves, stretches):
    """Propose moves and take the first step; note the residues of each, and whether it passed."""
    model, state, stream = borrowed(model), borrowed(state), borrowed(stream)
    chains = Chains(model.first, model.last, model.runs, model.moving, model.cis_cost)
    stretch = np.zeros(2, dtype=np.int64)
    made = 0
    for _ in range(moves):
        pick = next_uniform(stream)
        kind = 0
        while kind < MOVES - 1 and pick >= mix[kind]:
            kind += 1
        heat = math.sqrt(TEMPERATURE)
        if not propose(kind, state.now, chains, starts, heat, stream, state.trial, stretch):
            continue
        low, high = stretch[0], stretch[1]
        stretches[made, 0], stretches[made, 1] = low, high
        allowed = -TEMPERATURE * math.log(1.0 - next_uniform(stream))
        stretches[made, 2] = first_step(model, state, low, high, False, allowed) <= allowed
        for i in range(low, high + 1):
            for k in range(3):
                state.trial[i, k] = state.now[i, k]
        made += 1
    return made


@njit(error_model="numpy")
def _moves(model, state, mix, starts, stream, moves):
    """Proposals alone."""
    model, state, stream = borrowed(model), borrowed(state), borrowed(stream)
    chains = Chains(model.first, model.last, model.runs, model.moving, model.cis_cost)
    stretch = np.zeros(2, dtype=np.int64)
    for _ in range(moves):
        pick = next_uniform(stream)
        kind = 0
        while kind < MOVES - 1 and pick >= mix[kind]:
            kind += 1
        heat = math.sqrt(TEMPERATURE)
        propose(kind, state.now, chains, starts, heat, stream, state.trial, stretch)


@njit(error_model="numpy")
def _chain(model, state, stretches):
    """Bonds, distances along the chain, helices."""
    model, state = borrowed(model), borrowed(state)
    total = 0.0
    for low, high, _ in stretches:
        for i in range(max(model.first[low], low - WINDOW + 1), high + 1):
            total += window_energies(model, state.now, i)[1]
    return total


@njit(error_model="numpy")
def _places(model, state, stretches):
    """Cα in the maps, at predicted Cα, where starts have them."""
    model, state = borrowed(model), borrowed(state)
    total = 0.0
    for low, high, _ in stretches:
        for i in range(low, high + 1):
            total += place_energies(model, state.now, i)[0]
    return total


@njit(error_model="numpy")
def _restraints(model, state, stretches):
    """Distances of starts, and predicted contacts."""
    model, state = borrowed(model), borrowed(state)
    total = 0.0
    for low, high, _ in stretches:
        for i in range(low, high + 1):
            for row in range(model.pair_start[i], model.pair_start[i + 1]):
                total += restraint_energy(model, state.now, i, row)
    return total


@njit(error_model="numpy")
def _frames(model, state, stretches):
    """Frames and side chains, and these in the map; second step."""
    model, state = borrowed(model), borrowed(state)
    total = 0.0
    for first, last, passed in stretches:
        if passed:
            low, high = widened(model, first, last)
            for i in range(low, high + 1):
                residue_frame(state.trial, i, model.first[i], model.last[i], model.centres)
                total += side_energy(model, state.trial, i)
    return total


@njit(error_model="numpy")
def _calpha_pairs(model, state, stretches):
    """Excluded volume, overlap, sheets, before and after; second step."""
    model, state = borrowed(model), borrowed(state)
    total = 0.0
    for first, last, passed in stretches:
        if passed:
            low, high = widened(model, first, last)
            for turn in range(2):
                for i in range(low, high + 1):
                    total += calpha_pairs(
                        model, state.beads, state.near, turn, i, low, high, high
                    )[0]
    return total


@njit(error_model="numpy")
def _sidechain_pairs(model, state, stretches):
    """Contacts and burial, before and after; second step."""
    model, state = borrowed(model), borrowed(state)
    total = 0.0
    for first, last, passed in stretches:
        if passed:
            low, high = widened(model, first, last)
            for turn in range(2):
                for i in range(low, high + 1):
                    sign = 2.0 * turn - 1.0
                    total += sidechain_pairs(model, state, turn, i, low, high, high, sign)
            for t in range(1, state.touched[0] + 1):
                state.change[state.touched[t]] = 0.0
            state.touched[0] = 0
    return total


COSTS: dict[str, Callable] = {
    "bonds, distances, helices": _chain,
    "maps, amino acids, places": _places,
    "restraints": _restraints,
    "frames, side chains in the map": _frames,
    "excluded volume, overlap, sheets": _calpha_pairs,
    "contacts, burial": _sidechain_pairs,
}
"""Kernels of the terms, by what the table calls them."""


def _fastest(step: Callable[[], object]) -> float:
    """Least CPU seconds of several runs."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.process_time()
        step()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def _synchronous(state: State) -> None:
    """Undo what proposals left."""
    state.trial[:] = state.now


def measure(
    model: Model, positions: NDArray[np.float64], sources: NDArray[np.float32], moves: int
) -> dict[str, float]:
    """Moves a second, and the share of each part of a move in its time."""
    state, stream = new_state(model, positions), seed_stream(1)
    mix, tally = np.cumsum(MIX / MIX.sum()), np.zeros((MOVES, 2), dtype=np.int64)
    sweep(model, state, TEMPERATURE, SETTLING * len(positions), mix, sources, stream, tally)
    tally[:] = 0
    whole = _fastest(
        lambda: sweep(model, state, TEMPERATURE, moves, mix, sources, stream, tally)
    )
    state = new_state(model, calpha_of(state))
    stretches = np.zeros((moves, 3), dtype=np.int64)
    _moves(model, state, mix, sources, stream, 1)
    spent = {"moves": _fastest(lambda: _moves(model, state, mix, sources, stream, moves))}
    _synchronous(state)
    made = _propose_only(model, state, mix, sources, stream, moves, stretches)
    stretches = stretches[:made]
    for name, cost in COSTS.items():
        cost(model, state, stretches[:1])
        spent[name] = _fastest(lambda cost=cost: cost(model, state, stretches))
    return {
        "moves a second": moves / whole,
        "accepted": tally[:, 1].sum() / tally[:, 0].sum(),
        "to the second step": float(stretches[:, 2].mean()),
        **{name: seconds / whole for name, seconds in spent.items()},
    }


def table(rows: dict[int, dict[str, float]]) -> str:
    """Markdown: a column a size."""
    names = next(iter(rows.values()))
    head = ["", *(f"{residues} residues" for residues in rows)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name in names:
        cells = [
            f"{row[name]:,.0f}" if name == "moves a second" else f"{row[name]:.0%}"
            for row in rows.values()
        ]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--residues", nargs="+", type=int, default=[100, 400, 1200])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    rows: dict[int, dict[str, float]] = {}
    for residues in args.residues:
        chains = pack(args.data, residues, np.random.default_rng(args.seed))
        target, traces, calpha, density = noisy_system(chains, args.seed)
        starts, share = make_starts(
            target, traces, calpha, density, RESOLUTION, use_cnn=True, replicas=TRACES,
            rng=np.random.default_rng(args.seed), report=lambda fraction, message: None,
        )  # fmt: skip
        model = build_model(
            target, starts, calpha, density, RESOLUTION, use_cnn=True, share=share
        )
        sources = np.array([start.positions for start in starts])
        rows[residues] = measure(
            model, sources[0], sources.astype(np.float32), SWEEPS * len(target)
        )
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
