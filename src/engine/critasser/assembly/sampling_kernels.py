"""Numba kernels of the Monte Carlo: moves of one replica at one temperature."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from critasser.assembly.chain_kernels import (
    WINDOW,
    add_moment,
    gyration_energy,
    window_energies,
)
from critasser.assembly.energy_kernels import own_energy, window_energy
from critasser.assembly.frame_kernels import residue_frame
from critasser.assembly.move_kernels import CHAIN, MOVES, Chains, propose
from critasser.assembly.neighbour_kernels import note_strays
from critasser.assembly.pair_kernels import burial_change, calpha_pairs, sidechain_pairs
from critasser.assembly.place_kernels import place_energies, restraint_energy, side_energy
from critasser.assembly.random_kernels import next_uniform
from critasser.assembly.terms import (
    BEAD,
    BURIAL,
    CONTACT,
    EXCLUDED,
    FIELD,
    GYRATION,
    NOW,
    OVERLAP,
    PAIR,
    SHEET,
    TRIAL,
)
from critasser.structure.compilation import borrowed, inlined

__all__ = ["first_step", "sweep", "widened"]


@inlined
def _most_gained(model, state, low, high):
    """The most that Cα low … high could gain from maps, starts and restraints, by any move."""
    most = 0.0
    for i in range(low, high + 1):
        most += state.own[NOW, i] - model.own_least[i]
    return most


@inlined
def _most_restrained(model, state, low, high):
    """The most that these could gain from restraints: all of them met."""
    most = 0.0
    for row in range(model.pair_start[low], model.pair_start[high + 1]):
        most += state.pair[NOW, row] + model.pair_weight[row]
    return model.weights[PAIR] * most


@inlined
def first_step(model, state, low, high, rigid, allowed):
    """Change of the terms that need no neighbours; `rigid` where a whole chain moves as one.

    As soon as it is sure to be more than `allowed`, the rest is left out and it is infinite.
    """
    restrained = _most_restrained(model, state, low, high)
    total = 0.0
    if not rigid:
        for i in range(max(model.first[low], low - WINDOW + 1), high + 1):
            energies = window_energies(model, state.trial, i)
            state.window[TRIAL, i] = window_energy(model.weights, energies)
            total += state.window[TRIAL, i] - state.window[NOW, i]
        if total - _most_gained(model, state, low, high) - restrained > allowed:
            return math.inf
    for i in range(low, high + 1):
        state.own[TRIAL, i] = own_energy(model.weights, place_energies(model, state.trial, i))
        total += state.own[TRIAL, i] - state.own[NOW, i]
    if total - restrained > allowed:
        return math.inf
    restraints = 0.0
    for i in range(low, high + 1):
        for row in range(model.pair_start[i], model.pair_start[i + 1]):
            # Within the stretch each once, and not at all where nothing changes.
            j = model.pair_other[row]
            if low <= j <= high and (rigid or j < i):
                continue
            state.pair[TRIAL, row] = restraint_energy(model, state.trial, i, row)
            restraints += state.pair[TRIAL, row] - state.pair[NOW, row]
    total += model.weights[PAIR] * restraints
    if model.weights[GYRATION] > 0.0:
        total += model.weights[GYRATION] * _widening(model, state, low, high)
    return total


@inlined
def _widening(model, state, low, high):
    """Change of the radius of gyration's energy, at weight 1."""
    chain = model.chain[low]
    for k in range(state.moments.shape[2]):
        state.moments[TRIAL, chain, k] = state.moments[NOW, chain, k]
    for i in range(low, high + 1):
        add_moment(state.moments, TRIAL, chain, state.now, i, -1.0)
        add_moment(state.moments, TRIAL, chain, state.trial, i, 1.0)
    largest = model.gyration[chain]
    before = gyration_energy(state.moments, NOW, chain, largest)
    return gyration_energy(state.moments, TRIAL, chain, largest) - before


@inlined
def _second_step(model, state, low, high, rigid):
    """Change of all other terms, of residues whose frames change; counts wait in `change`."""
    total = 0.0
    for i in range(low, high + 1):
        residue_frame(state.trial, i, model.first[i], model.last[i], model.centres)
        state.side[TRIAL, i] = model.weights[FIELD] * side_energy(model, state.trial, i)
        total += state.side[TRIAL, i] - state.side[NOW, i]
    for turn in range(2):
        sign = 2.0 * turn - 1.0
        for i in range(low, high + 1):
            end = i if rigid else high
            excluded, overlap, sheet = calpha_pairs(
                model, state.beads, state.near, turn, i, low, high, end
            )
            energy = (
                model.weights[EXCLUDED] * excluded
                + model.weights[OVERLAP] * overlap
                + model.weights[SHEET] * sheet
            )
            contact = sidechain_pairs(model, state, turn, i, low, high, end, sign)
            total += sign * (energy + model.weights[CONTACT] * contact)
    return total + model.weights[BURIAL] * burial_change(model, state)


@inlined
def widened(model, low, high):
    """First and last residue whose frames change where Cα low … high move: frames look one residue
    to either side, at a chain's end two inwards."""
    first, last = model.first[low], model.last[high]
    wide_low = max(first, low - (2 if low - 2 == first else 1))
    wide_high = min(last, high + (2 if high + 2 == last else 1))
    return wide_low, wide_high


@inlined
def _take(model, state, low, high, wide_low, wide_high, rigid):
    """Make the trial the replica as it is."""
    for i in range(low, high + 1):
        state.own[NOW, i] = state.own[TRIAL, i]
        for row in range(model.pair_start[i], model.pair_start[i + 1]):
            j = model.pair_other[row]
            if low <= j <= high and (rigid or j < i):
                continue
            state.pair[NOW, row] = state.pair[TRIAL, row]
            state.pair[NOW, model.pair_mirror[row]] = state.pair[TRIAL, row]
    if not rigid:
        for i in range(max(model.first[low], low - WINDOW + 1), high + 1):
            state.window[NOW, i] = state.window[TRIAL, i]
    for i in range(wide_low, wide_high + 1):
        state.side[NOW, i] = state.side[TRIAL, i]
        for k in range(BEAD):
            state.now[i, k] = state.trial[i, k]
    chain = model.chain[low]
    for k in range(state.moments.shape[2]):
        state.moments[NOW, chain, k] = state.moments[TRIAL, chain, k]
    for t in range(1, state.touched[0] + 1):
        state.count[state.touched[t]] += state.change[state.touched[t]]
    note_strays(model, state.beads, state.near, low, high)


@inlined
def _attempt(model, state, low, high, rigid, temperature, stream):
    """Take the trial's residues low … high, or leave it, by Metropolis in two steps.

    The first step judges what needs no neighbours, the second the rest, each by its own part of
    the energy. This keeps detailed balance for the sum (delayed acceptance: Christen JA, Fox C
    (2005) J Comput Graph Stat 14, 795), and most moves that fail fail cheaply.

    Parameters
    ----------
    model, state : Model, State
    low, high : int
        Residues of one chain whose Cα differ.
    rigid : bool
        They are a whole chain, which moves as one.
    temperature : float
    stream : (2,) uint64

    Returns
    -------
    energy : float
        Change of energy; 0 where refused.
    accepted : bool
    """
    # Drawn before: what is sure to be refused need not be reckoned to its end.
    allowed = -temperature * math.log(1.0 - next_uniform(stream))
    first = first_step(model, state, low, high, rigid, allowed)
    if first > allowed:
        for i in range(low, high + 1):
            for k in range(3):
                state.trial[i, k] = state.now[i, k]
        return 0.0, False
    wide_low, wide_high = widened(model, low, high)
    second_step = _second_step(model, state, wide_low, wide_high, rigid)
    accepted = second_step <= 0.0 or next_uniform(stream) < math.exp(-second_step / temperature)
    if accepted:
        _take(model, state, low, high, wide_low, wide_high, rigid)
    else:
        for i in range(wide_low, wide_high + 1):
            for k in range(BEAD):
                state.trial[i, k] = state.now[i, k]
    for t in range(1, state.touched[0] + 1):
        state.change[state.touched[t]] = 0.0
    state.touched[0] = 0
    return first + second_step if accepted else 0.0, accepted


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(model, state, temperature, moves, mix, starts, stream, tally):
    """Make moves at one temperature.

    Parameters
    ----------
    model : Model
    state : State
        Filled, see `fill_state`; goes on.
    temperature : float
        About 1; moves are as large as its square root.
    moves : int
        Proposals.
    mix : (MOVES,) float64
        Cumulative shares of the kinds of moves.
    starts : (S, L, 3) float32
        Chains to take stretches from.
    stream : (2,) uint64
        Random numbers; goes on.
    tally : (MOVES, 2) int64
        Proposals and acceptances by kind; added to.

    Returns
    -------
    float
        Sum of the changes of energy.
    """
    model, state, stream = borrowed(model), borrowed(state), borrowed(stream)
    stretch = np.zeros(2, dtype=np.int64)
    chains = Chains(model.first, model.last, model.runs, model.moving, model.cis_cost)
    heat = math.sqrt(temperature)
    total = 0.0
    for _ in range(moves):
        pick = next_uniform(stream)
        kind = 0
        while kind < MOVES - 1 and pick >= mix[kind]:
            kind += 1
        if not propose(kind, state.now, chains, starts, heat, stream, state.trial, stretch):
            continue
        low, high = stretch[0], stretch[1]
        rigid = low == model.first[low] and high == model.last[low] and kind == CHAIN
        energy, accepted = _attempt(model, state, low, high, rigid, temperature, stream)
        tally[kind, 0] += 1
        tally[kind, 1] += accepted
        total += energy
    return total
