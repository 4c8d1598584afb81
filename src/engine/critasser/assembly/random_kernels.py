"""Numba kernels that draw random numbers: each replica has a stream of its own."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["next_normal", "next_uniform", "random_axis", "seed_stream"]


@njit(cache=True)
def seed_stream(seed):
    """State (2,) uint64 of a stream of random numbers (xoroshiro128+, Blackman & Vigna 2018)."""
    state = np.empty(2, dtype=np.uint64)
    z = np.uint64(seed)
    for k in range(2):
        z += np.uint64(0x9E3779B97F4A7C15)
        m = z
        m = (m ^ (m >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        m = (m ^ (m >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state[k] = m ^ (m >> np.uint64(31))
    return state


@njit(cache=True)
def next_uniform(state):
    """Next number in [0, 1); the stream's state (2,) uint64 goes on."""
    a, b = state[0], state[1]
    result = a + b
    b ^= a
    state[0] = ((a << np.uint64(24)) | (a >> np.uint64(40))) ^ b ^ (b << np.uint64(16))
    state[1] = (b << np.uint64(37)) | (b >> np.uint64(27))
    return (result >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def next_normal(state):
    """Next number of a standard normal distribution (Box and Muller)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - next_uniform(state)))
    return radius * math.cos(2.0 * math.pi * next_uniform(state))


@njit(cache=True)
def random_axis(stream):
    """x, y, z of a random direction."""
    z = 2.0 * next_uniform(stream) - 1.0
    angle = 2.0 * math.pi * next_uniform(stream)
    r = math.sqrt(max(0.0, 1.0 - z * z))
    return r * math.cos(angle), r * math.sin(angle), z
