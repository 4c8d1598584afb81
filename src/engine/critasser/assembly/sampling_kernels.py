"""Numba kernels of the Monte Carlo: moves of one replica at one temperature."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.assembly.energy_kernels import (
    BURIAL,
    GYRATION,
    TERMS,
    add_moment,
    bead_energy,
    burial_change,
    gyration_energy,
    neighbour_energy,
    refresh_frames,
)
from critasser.assembly.move_kernels import MOVES, Chains, propose
from critasser.assembly.random_kernels import next_uniform

__all__ = ["attempt", "sweep"]


class Proposal(NamedTuple):
    """A move that is being tried; scratch of one replica."""

    stretch: np.ndarray  # (2,) int64, first and last residue that moves, of one chain
    new: np.ndarray  # (L, 3) proposed positions, for the stretch only
    old: np.ndarray  # (L, 3) where they were
    parts: np.ndarray  # (TERMS,) changes of the terms


@njit(cache=True, forceinline=True, error_model="numpy")
def attempt(model, state, proposal, temperature, stream):
    """Put a stretch where the proposal says, or leave it, by Metropolis in two steps.

    The first step judges what needs no neighbours, the second the rest, each by its own part of
    the energy. This keeps detailed balance for the sum (delayed acceptance: Christen JA, Fox C
    (2005) J Comput Graph Stat 14, 795), and most moves that fail fail cheaply.

    Parameters
    ----------
    model, state : Model, State
    proposal : Proposal
    temperature : float
    stream : (2,) uint64

    Returns
    -------
    energy : float
        Change of energy; 0 where refused.
    accepted : bool
    """
    low, high = proposal.stretch[0], proposal.stretch[1]
    new, old, parts = proposal.new, proposal.old, proposal.parts
    chain = model.chain[low]
    # The frame at a chain's end looks two residues inwards.
    wide_low = max(model.first[low], low - 2)
    wide_high = min(model.last[high], high + 2)
    for i in range(low, high + 1):
        for k in range(3):
            old[i, k] = state.calpha[i, k]
    parts[:] = 0.0
    # Before and after in one loop: each inlined body is compiled once.
    for turn in range(2):
        sign = 2.0 * turn - 1.0
        if turn == 1:
            put(state.calpha, state.moments, chain, low, high, new)
        bead_energy(model, state, low, high, sign, parts)
        parts[GYRATION] += sign * gyration_energy(state.moments, model.gyration, chain)
    first_step = weighted(model.weights, parts)
    if first_step > 0.0 and next_uniform(stream) >= math.exp(-first_step / temperature):
        put(state.calpha, state.moments, chain, low, high, old)
        return 0.0, False
    parts[:] = 0.0
    for turn in range(2):
        put(state.calpha, state.moments, chain, low, high, old if turn == 0 else new)
        if turn == 1:
            refresh_frames(model, state, wide_low, wide_high)
        neighbour_energy(model, state, low, high, 2.0 * turn - 1.0, parts)
    parts[BURIAL] = burial_change(model, state)
    second_step = weighted(model.weights, parts)
    accepted = second_step <= 0.0 or next_uniform(stream) < math.exp(-second_step / temperature)
    for t in range(state.touched[0]):
        i = state.touched[t + 1]
        if accepted:
            state.count[i] += state.change[i]
        state.change[i] = 0.0
    state.touched[0] = 0
    if accepted:
        return first_step + second_step, True
    put(state.calpha, state.moments, chain, low, high, old)
    refresh_frames(model, state, wide_low, wide_high)
    return 0.0, False


@njit(cache=True, error_model="numpy")
def put(calpha, moments, chain, low, high, positions):
    """Set Cα low … high of one chain, and its moments."""
    for i in range(low, high + 1):
        add_moment(calpha, moments, chain, i, -1.0)
        for k in range(3):
            calpha[i, k] = positions[i, k]
        add_moment(calpha, moments, chain, i, 1.0)


@njit(cache=True, error_model="numpy")
def weighted(weights, parts):
    """Sum of the terms."""
    total = 0.0
    for k in range(TERMS):
        total += weights[k] * parts[k]
    return total


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
    starts : (S, L, 3) float64
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
    n = state.calpha.shape[0]
    stretch = np.zeros(2, dtype=np.int64)
    proposal = Proposal(stretch, np.empty((n, 3)), np.empty((n, 3)), np.zeros(TERMS))
    chains = Chains(model.first, model.last, model.runs, model.moving, model.cis_cost)
    heat = math.sqrt(temperature)
    total = 0.0
    for _ in range(moves):
        pick = next_uniform(stream)
        kind = 0
        while kind < MOVES - 1 and pick >= mix[kind]:
            kind += 1
        if not propose(
            kind, state.calpha, chains, starts, heat, stream, proposal.new, proposal.stretch
        ):
            continue
        energy, accepted = attempt(model, state, proposal, temperature, stream)
        tally[kind, 0] += 1
        tally[kind, 1] += accepted
        total += energy
    return total
