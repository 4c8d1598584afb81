"""The fast energy against a slow one that sums every term over every pair."""

import numpy as np
import pytest

from critasser.assembly import complete, terms
from critasser.assembly.energy import build_model, calpha_of, new_state, total_energy
from critasser.assembly.energy_kernels import fill_state
from critasser.assembly.move_kernels import CHAIN, MOVES
from critasser.assembly.random_kernels import seed_stream
from critasser.assembly.sampling_kernels import sweep
from critasser.structure import Sequence, Target


def ramp(value, full, none):
    return float(np.clip((value - none) / (full - none), 0.0, 1.0))


def frame(x, i, first, last, centres):
    """Along, normal, pointing, side-chain centre of residue i."""
    if i == first:
        before, after = x[i] + x[i + 1] - x[i + 2], x[i + 1]
    elif i == last:
        before, after = x[i - 1], x[i] + x[i - 1] - x[i - 2]
    else:
        before, after = x[i - 1], x[i + 1]
    span = np.linalg.norm(after - before)
    along = (after - before) / span
    outward = 2 * x[i] - before - after
    outward -= outward @ along * along
    outward /= np.linalg.norm(outward)
    normal = np.cross(along, outward)
    extended = np.clip((span - 5.82) / (6.26 - 5.82), 0, 1)
    local = centres[0] + extended * (centres[1] - centres[0])
    offset = local[0] * along + local[1] * outward + local[2] * normal
    size = np.linalg.norm(offset)
    return along, normal, offset / size if size >= 0.3 else outward, x[i] + offset


def interpolated(row, at):
    """Table value between bin centres."""
    at -= 0.5
    if at < 0:
        return row[0] - at
    if at >= len(row) - 1:
        return row[-1] + at - (len(row) - 1)
    k = int(at)
    return row[k] + (at - k) * (row[k + 1] - row[k])


def trilinear(field, origin, voxel, position):
    f = (position - origin) / voxel
    low = np.floor(f).astype(int)
    if np.any(f < 0) or np.any(f >= np.array(field.shape[::-1]) - 1):
        return 0.0
    total = 0.0
    for corner in np.ndindex(2, 2, 2):
        at = low + corner
        weight = np.prod(np.where(np.array(corner) == 1, f - low, 1 - (f - low)))
        total += weight * field[at[2], at[1], at[0]]
    return total


def components(model, x):
    """Unweighted terms (TERMS,) of a conformation (L, 3)."""
    n = len(x)
    parts = np.zeros(terms.TERMS)
    frames = [frame(x, i, model.first[i], model.last[i], model.centres[i]) for i in range(n)]
    along, normal, pointing, side = (np.array(v) for v in zip(*frames))
    count = np.zeros(n)
    for i in range(n):
        for j in range(i + 1, n):
            apart = j - i if model.chain[i] == model.chain[j] else 1000
            if apart < 3:
                continue
            step = x[j] - x[i]
            d = np.linalg.norm(step)
            if d < 7.0:
                parts[terms.EXCLUDED] += max(0.0, 4.2 - d) ** 2
                for a, b in ((i, j), (j, i)):
                    near = model.closest[model.codes[a]] - np.linalg.norm(side[a] - x[b])
                    parts[terms.OVERLAP] += max(0.0, near) ** 2
            inner = all(model.first[k] < k < model.last[k] for k in (i, j))
            if apart > 3 and inner and d < 6.5:
                parts[terms.SHEET] -= (
                    model.strand[i] * model.strand[j]
                    * ramp(abs(along[i] @ along[j]), 0.85, 0.5)
                    * ramp(abs(normal[i] @ step) / d, 0.85, 0.5)
                    * ramp(abs(normal[j] @ step) / d, 0.85, 0.5)
                    * ramp(d, 5.5, 6.5) * ramp(d, 4.4, 3.8)
                )  # fmt: skip
            d = np.linalg.norm(side[j] - side[i])
            if apart >= 4 and d < 8.0:
                cosine = pointing[i] @ pointing[j]
                facing = 0 if cosine > 0.5 else 1 if cosine < -0.5 else 2
                row = model.contact[model.codes[i], model.codes[j], facing]
                fade = ramp(d, 7.0, 8.0)
                value = np.interp(2 * d - 0.5, np.arange(17), row)
                parts[terms.CONTACT] += value * fade
                count[[i, j]] += fade
    for i in range(n):
        row = model.burial[model.codes[i]]
        parts[terms.BURIAL] += np.interp(count[i], np.arange(len(row)), row)
        parts[terms.FIELD] -= trilinear(model.calpha_field, model.origin, model.voxel, x[i])
        parts[terms.FIELD] -= model.sidechain_weight[i] * trilinear(
            model.sidechain_field, model.origin, model.voxel, side[i]
        )
        voxel = np.floor((x[i] - model.origin) / model.voxel + 0.5).astype(int)[::-1]
        if np.all(voxel >= 0) and np.all(voxel < model.nearest.shape):
            near = model.nearest[tuple(voxel)]
            if near >= 0:
                fit = ramp(np.linalg.norm(model.predicted[near] - x[i]), 0.8, 2.5)
                parts[terms.IDENTITY] += fit * model.identity[near, model.codes[i]]
        square = np.sum((model.places[i] - x[i]) ** 2, axis=1)
        parts[terms.PLACE] -= np.max(model.place_weight[i] / (1 + square / 2.25))
        for row in range(model.pair_start[i], model.pair_start[i + 1]):
            j = model.pair_other[row]
            if j > i:
                off = abs(np.linalg.norm(x[j] - x[i]) - model.pair_distance[row])
                off = max(0.0, off - model.pair_spread[row])
                parts[terms.PAIR] -= model.pair_weight[row] / (1 + off)
        along_chain(model, x, i, parts)
    for chain, largest in enumerate(model.gyration):
        positions = x[model.chain == chain]
        excess = np.sqrt(positions.var(axis=0).sum()) - largest
        if excess > 0:
            parts[terms.GYRATION] += len(positions) * excess**2 / (excess + 5)
    return parts


def along_chain(model, x, i, parts):
    """Terms of the windows that begin at residue i."""
    size = model.last[i] - i + 1
    if size > 1:
        length = np.linalg.norm(x[i + 1] - x[i])
        parts[terms.BOND] += min((length - 3.8) ** 2, (length - 2.95) ** 2 + model.cis_cost[i])
    if size > 2:
        d13 = np.linalg.norm(x[i + 2] - x[i])
        parts[terms.LOCAL] += interpolated(model.distance13[i], (d13 - 4.0) / 0.2)
    if size > 3:
        d14 = np.linalg.norm(x[i + 3] - x[i])
        turn = np.cross(x[i + 1] - x[i], x[i + 2] - x[i + 1]) @ (x[i + 3] - x[i + 2])
        signed = -d14 if turn < 0 else d14
        parts[terms.LOCAL] += model.distance14[i, int(np.clip((signed + 12.0) * 2, 0, 47))]
    if size > 4:
        d15 = np.linalg.norm(x[i + 4] - x[i])
        parts[terms.LOCAL] += interpolated(model.distance15[i], (d15 - 3.0) / 0.5)
        if signed > 0:
            parts[terms.HELIX] -= (
                model.helix[i]
                * ramp(abs(d13 - 5.45), 0.3, 1.0)
                * ramp(abs(d14 - 5.05), 0.4, 1.5)
                * ramp(abs(d15 - 6.2), 0.4, 1.5)
            )


def test_total_is_that_of_the_slow_reference_in_every_term(system, small):
    model, starts = system
    rng = np.random.default_rng(1)
    crowded = small.native.mean(axis=0) + 0.3 * (starts[0] - small.native.mean(axis=0))
    spread = starts[1] * 1.7 + rng.normal(size=starts[1].shape)
    for x in (small.native, *starts, crowded, spread):
        state = new_state(model, x)
        expected = components(model, calpha_of(state))
        np.testing.assert_allclose(state.parts, expected, rtol=2e-5, atol=5e-4)
        assert total_energy(model, x) == pytest.approx(
            expected @ model.weights, rel=1e-5, abs=1e-2
        )


def assert_alike(state, other, tolerance):
    """Two states with the same Cα know the same of them."""
    for name in ("now", "trial", "count", "own", "window", "side", "pair", "moments"):
        value, expected = getattr(state, name), getattr(other, name)
        if name in ("own", "window", "side", "pair", "moments"):
            value, expected = value[terms.NOW], expected[terms.NOW]
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("kind", range(MOVES))
def test_changes_of_energy_add_up_to_the_difference_of_totals(system, kind):
    model, starts = system
    state = new_state(model, starts[0])
    before = state.parts @ model.weights
    # Hot, so that every kind of move is accepted often, clashes and all, whole chains off the map.
    temperature = 300.0 if kind == CHAIN else 30.0
    # Chains that move as one are not reckoned anew, though rounding changes them by a little.
    rounding = 5e-3 if kind == CHAIN else 2e-4
    mix = np.where(np.arange(MOVES) >= kind, 1.0, 0.0)
    tally = np.zeros((MOVES, 2), dtype=np.int64)
    sources = starts.astype(np.float32)
    change = sweep(model, state, temperature, 400, mix, sources, seed_stream(kind), tally)
    fresh = new_state(model, calpha_of(state))
    assert tally[kind, 1] > 5
    # What is kept of residues, windows and restraints is what they would be reckoned anew.
    assert_alike(state, fresh, rounding)
    after = fill_state(model, state)
    assert change == pytest.approx(after - before, abs=1e-5 * abs(before) + 20 * rounding)
    # A hair off straight lines, across which no direction is better than another.
    x = calpha_of(state) + 1e-3 * np.random.default_rng(0).normal(size=(len(model.codes), 3))
    state = new_state(model, x)
    expected = components(model, calpha_of(state))
    np.testing.assert_allclose(state.parts, expected, rtol=2e-5, atol=5e-4)


def test_an_unknown_residue_is_alanine_that_is_nowhere_more_likely(small):
    n = len(small.native)
    start = complete(small.target, small.noisy_trace(3), small.guide, rng=np.random.default_rng(0))

    def parts(unknown):
        target = Target((Sequence("a", "A" * n, unknown),))
        model = build_model(
            target, [start], small.calpha, small.density, small.resolution, use_cnn=True
        )
        return new_state(model, small.native).parts

    alanine, nobody_knows = parts(()), parts(tuple(range(n)))
    assert alanine[terms.IDENTITY] != 0.0 == nobody_knows[terms.IDENTITY]
    others = np.arange(terms.TERMS) != terms.IDENTITY
    assert nobody_knows[others] == pytest.approx(alanine[others])
