"""Nucleic acids that are put together have the shapes that those in maps have."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from critasser.network.training import nucleic_structures
from critasser.network.training.nucleic_geometry import A_RNA, B_DNA, FORMS
from critasser.network.training.nucleic_structures import (
    beside,
    complexed,
    double_helix,
    folded,
    random_nucleic_acid,
    single_strand,
)
from critasser.network.training.simulation import NUCLEIC


def phosphorus(atoms):
    """Of the first and the second strand, (pairs, 3) each."""
    whole = atoms.positions[atoms.calpha].astype(float)
    return whole[::2], whole[1::2]


def middles(atoms):
    """Of base pairs, from C1' to C1' as it were: the mean of their atoms."""
    pair = atoms.residue // 2
    return np.array([atoms.positions[pair == k].mean(axis=0) for k in range(pair.max() + 1)])


@pytest.fixture
def still(monkeypatch):
    """No disorder."""
    for name in ("STEP_TURN", "STEP_TWIST", "STEP_RISE", "HELIX_TWIST", "HELIX_RISE",
                 "NUCLEOTIDE_TURN", "NUCLEOTIDE_SHIFT"):  # fmt: skip
        monkeypatch.setattr(nucleic_structures, name, 0.0)


@pytest.mark.parametrize(("name", "width"), [("B-DNA", 5.7), ("A-DNA", 2.7), ("A-RNA", 3.7)])
def test_an_ideal_helix_has_the_rise_the_twist_and_a_groove_of_its_form(still, name, width):
    form = FORMS[name]
    made = double_helix(form, 24, np.random.default_rng(0))
    assert set(made.kind.tolist()) == {NUCLEIC} and len(made.calpha) == 48
    assert (made.amplitude[made.calpha] == 15).all()
    one, two = phosphorus(made)
    assert np.ptp(one[:, 2]) == pytest.approx(23 * form.rise, abs=0.01)
    angles = np.unwrap(np.arctan2(one[:, 1], one[:, 0]))
    np.testing.assert_allclose(np.degrees(np.diff(angles)), form.twist, atol=0.01)
    # The narrower groove is as wide as the nearest phosphates across it, less their own 5.8 Å.
    across = np.linalg.norm(one[:, None] - two, axis=2).min() - 5.8
    assert across == pytest.approx(width, abs=0.5)


def test_thermal_bending_is_that_of_dna_in_water():
    """Directions correlate as exp(−length / 500 Å)."""
    rng, cosines, length = np.random.default_rng(0), [], 60
    for _ in range(60):
        frames, _ = nucleic_structures._axis(B_DNA, length, False, rng)
        cosines.append(frames[0, :, 2] @ frames[-1, :, 2])
    persistence = -length * B_DNA.rise / np.log(np.mean(cosines))
    assert 350 < persistence < 750


def test_a_bent_helix_goes_round_as_dna_on_histones(still, monkeypatch):
    monkeypatch.setattr(nucleic_structures, "LEAST_PITCH", 25.9)
    rng = np.random.default_rng(1)
    rng_uniform = rng.uniform
    # The greatest curvature, and the least pitch.
    monkeypatch.setattr(nucleic_structures, "MOST_CURVATURE", 1 / 42)

    class Extreme:
        """Draws the end of a range that makes the superhelix tightest."""

        def uniform(self, low, high):
            return high if low == 0 and high < 1 else low if low == 1 else rng_uniform(low, high)

        def __getattr__(self, name):
            return getattr(rng, name)

    made = double_helix(B_DNA, 140, Extreme(), bent=True)
    path = middles(made)
    pairs_a_turn = round(2 * np.pi * 42 / B_DNA.rise)
    # After a turn it is one pitch away from where it was, not back in itself.
    apart = np.linalg.norm(path[pairs_a_turn] - path[0])
    assert 20 < apart < 32
    assert np.linalg.norm(path[pairs_a_turn // 2] - path[0]) == pytest.approx(84, abs=6)


def test_a_single_strand_is_bound_from_phosphate_to_phosphate_and_keeps_from_itself():
    made = single_strand(A_RNA, 25, np.random.default_rng(0))
    points = np.array([made.positions[made.residue == k].mean(axis=0) for k in range(25)])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.min() > 5 and steps.max() < 7.5
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    assert np.median(apart[np.triu_indices(25, 3)]) > nucleic_structures.STRAND_GAP


def test_folded_rna_is_one_compact_piece_of_several_helices_that_do_not_overlap():
    for seed in range(3):
        made = folded(A_RNA, np.random.default_rng(seed))
        assert (np.diff(made.residue) >= 0).all() and made.residue[-1] == len(made.calpha) - 1
        pairs = cKDTree(made.positions).query_pairs(6.0, output_type="ndarray")
        # All residues hang together.
        group = np.arange(len(made.calpha))
        for one, two in made.residue[pairs]:
            if group[one] != group[two]:
                group[group == group[two]] = group[one]
        assert len(set(group.tolist())) == 1
        near = cKDTree(made.positions).query(made.positions, 9)[0][:, -1]
        assert np.median(near) > 2.0


def test_molecules_in_contact_touch_and_do_not_overlap(helix):
    rng = np.random.default_rng(0)
    duplex = double_helix(B_DNA, 16, rng)
    both, placed = beside(duplex, helix, rng)
    assert len(both.positions) == len(duplex.positions) + len(helix.positions)
    nearest = cKDTree(duplex.positions).query(placed.positions)[0].min()
    assert 1.5 < nearest < 4.5
    # Distances within the protein are what they were.
    np.testing.assert_allclose(
        np.linalg.norm(placed.positions[0] - placed.positions[-1]),
        np.linalg.norm(helix.positions[0] - helix.positions[-1]), rtol=1e-4,
    )  # fmt: skip
    three = complexed(duplex, [helix, helix], rng)
    assert (three.kind == NUCLEIC).sum() == len(duplex.positions)
    calpha = three.positions[three.calpha[len(duplex.calpha) :]]
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(calpha[: len(helix.calpha)], axis=0), axis=1), 3.8, atol=0.1
    )


def test_every_kind_is_drawn_and_the_same_seed_draws_the_same():
    one, two = (
        [random_nucleic_acid(np.random.default_rng([7, k])) for k in range(12)] for _ in range(2)
    )
    assert len({len(atoms.calpha) for atoms in one}) > 6
    for a, b in zip(one, two):
        np.testing.assert_array_equal(a.positions, b.positions)
    assert np.ptp([atoms.amplitude.max() for atoms in one]) > 3
