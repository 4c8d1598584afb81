"""Torsions are judged by how common they are in known structures."""

import numpy as np
import pytest
from chimerax.critasser.models.validation import ramachandran, rotamers
from chimerax.critasser.models.validation.ramachandran import kind_of, rarity

HELIX, STRAND, LEFT = (-63, -43), (-120, 130), (57, 45)


def test_helices_and_strands_are_favoured_by_all_kinds_but_proline_strands():
    for kind in range(5):
        assert rarity(kind, *HELIX) > ramachandran.FAVOURED
    assert rarity(kind_of("ALA", "GLY"), *STRAND) > ramachandran.FAVOURED
    assert rarity(kind_of("PRO", "GLY"), *STRAND) < rarity(kind_of("ALA", "GLY"), *STRAND)


def test_what_only_glycine_does_is_an_outlier_of_all_others():
    where = (90, -10), (85, 175)
    for phi, psi in where:
        assert rarity(kind_of("GLY", "ALA"), phi, psi) > ramachandran.OUTLIER
    assert rarity(kind_of("VAL", "ALA"), 85, 175) < ramachandran.OUTLIER
    assert rarity(kind_of("ALA", "ALA"), 100, -100) < ramachandran.OUTLIER
    assert rarity(kind_of("ALA", "ALA"), *LEFT) > ramachandran.OUTLIER


def test_few_residues_of_known_structures_are_outliers_and_nearly_all_are_favoured():
    from chimerax.critasser.models.validation.learnt_tables import table

    counts = table("backbone.npz")["phi_psi_counts"]
    for kind in range(5):
        ranks, share = ramachandran._ranks()[kind], counts[kind] / counts[kind].sum()
        assert share[ranks >= ramachandran.FAVOURED].sum() == pytest.approx(0.98, abs=0.015)
        assert share[ranks < ramachandran.OUTLIER].sum() < 0.004


def test_angles_go_round():
    assert rarity(0, -180, 180) == rarity(0, 180, -180) == rarity(0, 540, -180)


def test_common_rotamers_are_none_and_eclipsed_ones_are_outliers():
    assert rotamers.deviation("LEU", (-65, 175)) < 1
    assert rotamers.deviation("LEU", (-65, 175, None)) < 1
    assert rotamers.deviation("VAL", (175, None)) < 1
    assert rotamers.deviation("VAL", (120,)) > rotamers.OUTLIER
    assert rotamers.deviation("LEU", (0, 0)) > rotamers.OUTLIER


def test_rings_and_carboxylates_are_the_same_after_half_a_turn():
    for name, torsions in (("PHE", (-65, 90)), ("ASP", (-70, -15)), ("GLU", (-67, 180, 10))):
        turned = (*torsions[:-1], torsions[-1] + 180)
        assert rotamers.deviation(name, turned) == pytest.approx(rotamers.deviation(name, torsions))
    asn = [rotamers.deviation("ASN", (-70, chi)) for chi in (-20, 160)]
    assert not np.isclose(*asn)


def test_side_chains_that_do_not_turn_or_lack_atoms_are_not_judged():
    assert rotamers.deviation("ALA", ()) is None
    assert rotamers.deviation("HOH", (1.0,)) is None
    assert rotamers.deviation("LYS", (-65, 180, None, None)) is None
