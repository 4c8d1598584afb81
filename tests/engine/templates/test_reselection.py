"""Known structures are found in a map's Cα positions, wherever and however often they are there."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.errors import Cancelled
from critasser.structure import (
    AMINO_ACIDS,
    CalphaSet,
    ProteinChain,
    Sequence,
    Target,
    read_chains,
    tm_score,
)
from critasser.templates import STRATEGIES, PlacedChain, survey

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def alpha():
    """Haemoglobin's α chain, 142 residues."""
    return read_chains(DATA / "1bab_A_calpha.pdb.gz")[0]


@pytest.fixture(scope="module")
def beta():
    """Haemoglobin's β chain, 146 residues, 45 % identical to α."""
    return read_chains(DATA / "7jy3_B_calpha.pdb.gz")[0]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def turned(positions, rng, shift=40.0):
    rotation = Rotation.random(random_state=int(rng.integers(1 << 30))).as_matrix()
    return positions @ rotation.T + rng.normal(size=3) * shift


def with_positions(chain, positions, letters=None):
    n = len(chain)
    return ProteinChain(
        "A",
        letters or chain.letters,
        np.arange(1, n + 1),
        ("CA",) * n,
        ("C",) * n,
        np.arange(n),
        positions,
        np.zeros(n),
    )


def seen(positions, rng, letters=None):
    """Positions as a network finds them: 0.7 Å off along each axis, 5 % missing, 5 % false."""
    keep = rng.random(len(positions)) > 0.05
    false = positions[:: max(len(positions) // 7, 1)] + rng.normal(size=3) * 5
    found = np.concatenate([positions[keep] + rng.normal(0, 0.7, (keep.sum(), 3)), false])
    amino_acid = np.full((len(found), 20), 0.05)
    if letters is not None:
        for at, residue in enumerate(np.flatnonzero(keep)):
            amino_acid[at, AMINO_ACIDS.index(letters[residue])] += 1.0
        amino_acid /= amino_acid.sum(axis=1, keepdims=True)
    order = rng.permutation(len(found))
    n = len(found)
    return CalphaSet(found[order], np.ones(n), amino_acid[order], np.full((n, 3), 1 / 3))


def reselect(*given, **options):
    """The templates of a survey, best first."""
    return survey(*given, **options).templates


def target_of(*chains):
    return Target(tuple(Sequence(str(k), chain.letters) for k, chain in enumerate(chains)))


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_a_structure_moved_anywhere_is_brought_back(alpha, rng, strategy):
    moved = with_positions(alpha, turned(alpha.calpha, rng))
    (found,) = reselect([moved], seen(alpha.calpha, rng), target_of(alpha), strategy=strategy)
    assert found.placed.all()
    assert np.linalg.norm(found.positions - alpha.calpha, axis=1).max() < 1.0
    assert found.score > 0.85


def test_a_template_two_angstroms_off_is_still_found(alpha, rng):
    rough = alpha.calpha + rng.normal(0, 2 / np.sqrt(3), alpha.calpha.shape)
    (found,) = reselect(
        [with_positions(alpha, turned(rough, rng))], seen(alpha.calpha, rng), target_of(alpha)
    )
    assert np.sqrt(np.mean((found.positions - alpha.calpha) ** 2) * 3) < 2.6


def test_a_displaced_domain_is_put_where_the_map_has_it(alpha, beta, rng):
    far = beta.calpha - beta.calpha[0] + alpha.calpha[-1] + [2.2, 2.2, 2.2]
    # Out of the way of the first domain, joined to its last residue.
    outward = alpha.calpha[-1] - alpha.calpha.mean(axis=0)
    far += outward / np.linalg.norm(outward) * 2.0
    both = np.concatenate([alpha.calpha, far])
    hinge = Rotation.from_rotvec([0.0, 0.9, 0.4]).as_matrix()
    open_form = np.concatenate([alpha.calpha, (far - far[0]) @ hinge.T + far[0]])
    letters = alpha.letters + beta.letters
    template = ProteinChain(
        "A",
        letters,
        np.arange(len(both)),
        ("CA",) * len(both),
        ("C",) * len(both),
        np.arange(len(both)),
        turned(both, rng),
        np.zeros(len(both)),
    )
    target = Target((Sequence("two domains", letters),))
    (found,) = reselect([template], seen(open_form, rng), target)
    assert "rigid bodies" in found.source
    assert np.median(np.linalg.norm(found.positions - open_form, axis=1)[:142]) < 1.0
    assert np.median(np.linalg.norm(found.positions - open_form, axis=1)[142:]) < 1.0


def test_a_relative_stands_for_the_residues_it_is_aligned_with(alpha, beta, rng):
    (found,) = reselect(
        [with_positions(beta, turned(beta.calpha, rng))],
        seen(alpha.calpha, rng),
        target_of(alpha),
    )
    assert tm_score(found.positions, alpha.calpha) > 0.80
    assert "% identical" in found.source


def test_the_network_finds_the_register_where_the_sequence_cannot(alpha, rng):
    nonsense = "".join(rng.permutation(list(alpha.letters)))
    template = with_positions(alpha, turned(alpha.calpha, rng), nonsense)
    (found,) = reselect([template], seen(alpha.calpha, rng, alpha.letters), target_of(alpha))
    off = np.linalg.norm(found.positions - alpha.calpha, axis=1)
    assert np.mean(off < 2.0) > 0.9


def test_copies_and_relatives_share_a_map(alpha, beta, rng):
    dimer = [alpha.calpha, beta.calpha - beta.calpha.mean(axis=0) + alpha.calpha.mean(axis=0)]
    dimer[1] = dimer[1] + [34.0, 0.0, 0.0]
    axis = Rotation.from_rotvec([0.0, 0.0, np.pi]).as_matrix()
    centre = alpha.calpha.mean(axis=0) + [17.0, 36.0, 0.0]
    whole = dimer + [(part - centre) @ axis.T + centre for part in dimer]
    target = target_of(alpha, beta, alpha, beta)
    calpha = seen(np.concatenate(whole), rng)
    found = reselect(
        [with_positions(alpha, turned(alpha.calpha, rng)),
         with_positions(beta, turned(beta.calpha, rng))],
        calpha,
        target,
    )  # fmt: skip
    assert found[0].placed.mean() > 0.97
    assert found[0].score > 0.8
    for slot in target.chain_slices:
        part = found[0].positions[slot]
        assert min(
            np.median(np.linalg.norm(part - there, axis=1))
            for there in whole
            if len(there) == len(part)
        ) < 1.0  # fmt: skip


def test_of_a_file_with_more_copies_than_are_wanted_each_is_one_chain_in_one_place(alpha, rng):
    """A dimer in the map, a trimer as template, one chain in the FASTA file."""
    copies = [turned(alpha.calpha, rng, 30.0) for _ in range(2)]
    calpha = seen(np.concatenate(copies), rng, alpha.letters * 2)
    trimer = [with_positions(alpha, turned(alpha.calpha, rng)) for _ in range(3)]
    found = survey(trimer, calpha, Target((Sequence("A", alpha.letters),)))
    assert len(found.templates) == 3 and not found.rejected
    for template in found.templates:
        assert template.placed.all() and template.identity == 1.0
        away = [np.linalg.norm(template.positions - copy, axis=1).max() for copy in copies]
        assert min(away) < 3.0


def test_of_equal_places_one_is_built_and_the_others_are_told(alpha, rng):
    """A trimer in the map, one chain in the FASTA file, one template in a frame of its own."""
    turn = Rotation.from_rotvec([0.0, 0.0, 2.0 * np.pi / 3.0]).as_matrix()
    copies = [alpha.calpha - alpha.calpha.mean(axis=0) + [30.0, 0.0, 0.0]]
    for _ in range(2):
        copies.append(copies[-1] @ turn.T)
    calpha = seen(np.concatenate(copies), rng)
    found = survey([with_positions(alpha, turned(alpha.calpha, rng))], calpha, target_of(alpha))
    (template,), (others,) = found.templates, found.elsewhere
    places = [template, *others]
    assert len(places) == 3 and all(one.placed.all() for one in places)
    nearest = [
        int(np.argmin([np.linalg.norm(one.positions - copy) for copy in copies])) for one in places
    ]
    assert sorted(nearest) == [0, 1, 2]
    for one, k in zip(places, nearest):
        assert np.linalg.norm(one.positions - copies[k], axis=1).max() < 1.0


def test_what_fits_nowhere_is_left_out_with_a_reason(alpha, rng):
    angle = np.arange(150) * np.radians(100)
    rod = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(150)], axis=1)
    stranger = with_positions(
        alpha, rod[: len(alpha)], "".join(rng.permutation(list(alpha.letters)))
    )
    tiny = read_chains(DATA / "1gl2_D.pdb.gz")[0]
    found = survey([stranger, tiny], seen(alpha.calpha, rng), target_of(alpha))
    assert found.templates == ()
    assert all(entry.reason for entry in found.rejected)
    assert len(found.rejected) == 2


class Silent:
    """A density that tells neither side chains nor folds."""

    def along(self, number, positions):
        return None

    def certain(self, number):
        return False


class Density(Silent):
    """A density that puts a chain somewhere, and speaks against places far from a centre."""

    def __init__(self, positions, centre):
        self.positions, self.centre = positions, centre

    def __call__(self, number, *, copies=1, progress=None):
        return [PlacedChain(self.positions, 1)]

    def gain(self, number, positions, wanted):
        return -float(np.linalg.norm(np.nanmean(positions, axis=0) - self.centre))

    def lying(self, number, positions):
        return np.isfinite(positions).all(axis=1)

    def against(self, number, positions, wanted, letters, z_score=0.0):
        away = np.linalg.norm(np.nanmean(positions, axis=0) - self.centre)
        return "lies where nothing is" if away > 5.0 else ""


def test_a_place_that_the_density_speaks_against_is_not_taken_whatever_the_sequence(alpha, rng):
    moved = with_positions(alpha, turned(alpha.calpha, rng))
    calpha, target = seen(alpha.calpha, rng), target_of(alpha)
    centre, wrong = alpha.calpha.mean(axis=0), alpha.calpha + 12.0
    (template,) = survey([moved], calpha, target, fit=Density(wrong, centre)).templates
    assert np.linalg.norm(template.positions - alpha.calpha, axis=1).max() < 1.0
    found = survey([moved], calpha, target, fit=Density(wrong, centre + 99.0))
    assert not found.templates
    assert [one.reason for one in found.rejected] == ["lies where nothing is"]


def test_places_are_ranked_by_what_they_gain_by_the_density(alpha, rng):
    """Positions that the map shows well, and others as good that the density likes better."""
    moved = alpha.calpha + [60.0, 0.0, 0.0]
    calpha = seen(np.concatenate([alpha.calpha, moved[:-20]]), rng)

    class Likes(Density):
        def lying(self, number, positions):
            return np.isfinite(positions).all(axis=1)

        def against(self, number, positions, wanted, letters, z_score=0.0):
            return ""

    fit = Likes(moved, moved.mean(axis=0))
    (template,) = survey([alpha], calpha, target_of(alpha), fit=fit).templates
    assert np.linalg.norm(template.positions - moved, axis=1).max() < 1.0
    (template,) = survey([alpha], calpha, target_of(alpha)).templates
    assert np.linalg.norm(template.positions - alpha.calpha, axis=1).max() < 1.0


def test_where_no_calpha_were_found_a_place_and_one_beside_it_are_one(alpha):
    """Two places by the density, each a second time some Å off."""
    places = [alpha.calpha + [away, 0.0, 0.0] for away in (0.0, 4.0, 60.0, 64.0)]

    class Everywhere(Density):
        def __call__(self, number, *, copies=1, progress=None):
            return [PlacedChain(positions, 1) for positions in places]

        def gain(self, number, positions, wanted):
            return -float(np.abs(positions[0] - places[0][0]).min())

        def lying(self, number, positions):
            return np.isfinite(positions).all(axis=1)

        def against(self, number, positions, wanted, letters, z_score=0.0):
            return ""

    calpha = CalphaSet(np.empty((0, 3)), np.empty(0), np.empty((0, 20)), np.empty((0, 3)))
    fit = Everywhere(places[0], None)
    for target, copies in ((target_of(alpha), 1), (target_of(alpha, alpha), 2)):
        found = survey([alpha], calpha, target, fit=fit)
        (template,), (others,) = found.templates, found.elsewhere
        centres = [
            np.nanmean(one.positions[part], axis=0)
            for one in (template, *others)
            for part in target.chain_slices
            if one.placed[part].any()
        ]
        assert len(others) == 2 - copies and len(centres) == 2
        assert np.linalg.norm(centres[0] - centres[1]) > 50.0


def test_a_cancel_gets_through(alpha, rng):
    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        reselect([alpha], seen(alpha.calpha, rng), target_of(alpha), progress=stop)


def test_the_same_input_gives_the_same_templates(alpha, beta, rng):
    calpha = seen(alpha.calpha, rng)
    first, second = (reselect([beta, alpha], calpha, target_of(alpha)) for _ in range(2))
    assert [t.source for t in first] == [t.source for t in second]
    assert all(
        np.array_equal(a.positions, b.positions, equal_nan=True) for a, b in zip(first, second)
    )
    assert first[0].score >= first[1].score


def pair(alpha, beta):
    """The two chains of a dimer, side by side."""
    return alpha.calpha, beta.calpha - beta.calpha.mean(axis=0) + alpha.calpha.mean(axis=0) + 34.0


class Prefers(Density):
    """A density that puts each template in each place, worth what a table says."""

    def __init__(self, places, gains):
        self.places, self.gains = places, gains

    def __call__(self, number, *, copies=1, progress=None):
        return [PlacedChain(one, 1) for one in self.places[number]]

    def gain(self, number, positions, wanted):
        middles = [np.nanmean(one, axis=0) for one in self.places[number]]
        away = [np.linalg.norm(np.nanmean(positions, axis=0) - one) for one in middles]
        return self.gains[number][int(np.argmin(away))]

    def lying(self, number, positions):
        return np.isfinite(positions).all(axis=1)

    def against(self, number, positions, wanted, letters, z_score=0.0):
        return ""


NO_POSITIONS = CalphaSet(np.empty((0, 3)), np.empty(0), np.empty((0, 20)), np.empty((0, 3)))


@pytest.fixture
def relatives(alpha, beta):
    """Haemoglobin's chains in each other's places, too: (of α, of β), each its own place first."""
    here, there = pair(alpha, beta)
    middle = [here.mean(axis=0), there.mean(axis=0)]
    shift = middle[1] - middle[0]
    return (here, alpha.calpha + shift), (there, there - shift)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_chain_that_a_relatives_place_suits_a_little_better_leaves_it_to_that(
    alpha, beta, relatives, order
):
    chains, gains = (alpha, beta), ((50.0, 60.0), (55.0, 20.0))
    fit = Prefers([relatives[k] for k in order], [gains[k] for k in order])
    target = target_of(alpha, beta)
    found = survey([chains[k] for k in order], NO_POSITIONS, target, fit=fit)
    assert len(found.templates) == 3 and not found.rejected
    for template in found.templates:
        for part, (own, _) in zip(target.chain_slices, relatives):
            if template.placed[part].any():
                assert np.linalg.norm(template.positions[part] - own, axis=1).max() < 1e-6


def test_what_fits_only_where_another_chain_lies_better_is_left_out_and_that_is_told(
    alpha, beta, relatives
):
    fit = Prefers([relatives[0][:1], relatives[1][1:]], ((50.0,), (40.0,)))
    found = survey([alpha, beta], NO_POSITIONS, target_of(alpha, beta), fit=fit)
    (reason,) = [one.reason for one in found.rejected]
    assert reason == f"fits only where {alpha.title} lies, which fits better"
    assert all(template.placed.sum() == len(alpha) for template in found.templates)


class Certain(Prefers):
    """A density in which every fold is known to be the map's."""

    def certain(self, number):
        return True


def test_a_fold_whose_residues_nothing_tells_gives_way_to_one_that_suits_the_sequence(alpha, rng):
    backwards = with_positions(
        alpha, alpha.calpha[::-1], "".join(rng.permutation(list(alpha.letters)))
    )
    fit = Certain([[backwards.calpha], [alpha.calpha]], [[50.0], [40.0]])
    found = survey([backwards, alpha], NO_POSITIONS, target_of(alpha), fit=fit)
    assert found.chains == ((1,),)
    ((chain, reason),) = [(one.chain, one.reason) for one in found.rejected]
    assert chain == 0 and "which suits the sequence better" in reason
    alone = survey([backwards], NO_POSITIONS, target_of(alpha), fit=fit)
    assert len(alone.templates) == 1
