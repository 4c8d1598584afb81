"""Numba kernel of the energy of a whole replica, and of all that is kept of it."""

from __future__ import annotations

import numpy as np
from numba import njit

from critasser.assembly.chain_kernels import add_moment, gyration_energy, window_energies
from critasser.assembly.frame_kernels import residue_frame
from critasser.assembly.neighbour_kernels import list_neighbours
from critasser.assembly.pair_kernels import burial_energy, calpha_pairs, sidechain_pairs
from critasser.assembly.place_kernels import place_energies, restraint_energy, side_energy
from critasser.assembly.terms import (
    BEAD,
    BOND,
    BURIAL,
    CONTACT,
    EXCLUDED,
    FIELD,
    GYRATION,
    HELIX,
    IDENTITY,
    LOCAL,
    NOW,
    OVERLAP,
    PAIR,
    PLACE,
    SHEET,
    TERMS,
)
from critasser.structure.compilation import borrowed, inlined

__all__ = ["fill_state", "own_energy", "window_energy"]


@inlined
def own_energy(weights, energies):
    """Weighted sum of `place_energies`."""
    field, identity, place = energies
    return weights[FIELD] * field + weights[IDENTITY] * identity + weights[PLACE] * place


@inlined
def window_energy(weights, energies):
    """Weighted sum of `window_energies`."""
    bond, local, helix = energies
    return weights[BOND] * bond + weights[LOCAL] * local + weights[HELIX] * helix


@njit(cache=True, nogil=True, error_model="numpy")
def fill_state(model, state):
    """All of a state from its Cα alone.

    Parameters
    ----------
    model : Model
    state : State
        Cα of `now` are read; all else is written, `parts` with the energies at weight 1.

    Returns
    -------
    float
        Energy.
    """
    model, state = borrowed(model), borrowed(state)
    n = state.now.shape[0]
    # Of the type that a sweep passes: else all that it calls would be compiled once more.
    now, none = np.int64(NOW), np.int64(0)
    state.parts[:] = 0.0
    state.change[:] = 0.0
    state.touched[0] = 0
    state.moments[:] = 0.0
    for i in range(n):
        residue_frame(state.now, i, model.first[i], model.last[i], model.centres)
        add_moment(state.moments, NOW, model.chain[i], state.now, i, 1.0)
    list_neighbours(model, state.beads, state.near)
    for i in range(n):
        energies = place_energies(model, state.now, i)
        state.own[NOW, i] = own_energy(model.weights, energies)
        state.parts[FIELD] += energies[0]
        state.parts[IDENTITY] += energies[1]
        state.parts[PLACE] += energies[2]
        energies = window_energies(model, state.now, i)
        state.window[NOW, i] = window_energy(model.weights, energies)
        state.parts[BOND] += energies[0]
        state.parts[LOCAL] += energies[1]
        state.parts[HELIX] += energies[2]
        side = side_energy(model, state.now, i)
        state.side[NOW, i] = model.weights[FIELD] * side
        state.parts[FIELD] += side
        for row in range(model.pair_start[i], model.pair_start[i + 1]):
            energy = restraint_energy(model, state.now, i, row)
            state.pair[NOW, row] = energy
            state.parts[PAIR] += 0.5 * energy
        energies = calpha_pairs(model, state.beads, state.near, now, i, none, i, i)
        state.parts[EXCLUDED] += energies[0]
        state.parts[OVERLAP] += energies[1]
        state.parts[SHEET] += energies[2]
        state.parts[CONTACT] += sidechain_pairs(model, state, now, i, none, i, i, 1.0)
    for i in range(n):
        state.count[i] = state.change[i]
        state.change[i] = 0.0
        state.parts[BURIAL] += burial_energy(model.burial, model.codes[i], state.count[i])
        for k in range(BEAD):
            state.trial[i, k] = state.now[i, k]
    state.touched[0] = 0
    for chain in range(model.gyration.shape[0]):
        largest = model.gyration[chain]
        state.parts[GYRATION] += gyration_energy(state.moments, NOW, chain, largest)
    total = 0.0
    for k in range(TERMS):
        total += model.weights[k] * state.parts[k]
    return total
