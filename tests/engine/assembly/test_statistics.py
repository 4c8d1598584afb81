"""What is learnt about chains."""

import numpy as np
import pytest

from critasser.assembly.statistics import SHAPES, load, statistics
from critasser.errors import InputError
from critasser.structure import AMINO_ACIDS


def pair_energy(a, b):
    """Mean over orientations of the energy at 4 … 6.5 Å."""
    table = statistics().contact[AMINO_ACIDS.index(a), AMINO_ACIDS.index(b)]
    return table[:, 8:13].mean()


def test_oily_and_opposite_residues_attract_and_like_charges_do_not():
    assert pair_energy("L", "I") < pair_energy("L", "K") - 0.3
    assert pair_energy("K", "E") < pair_energy("K", "K") - 0.3
    assert pair_energy("C", "C") < -0.5


def test_contacts_do_not_depend_on_the_order_of_residues():
    contact = statistics().contact
    np.testing.assert_allclose(contact, contact.transpose(1, 0, 2, 3), atol=1e-5)


def test_lysine_pays_for_burial_and_leucine_for_exposure():
    burial = statistics().burial
    leucine, lysine = burial[AMINO_ACIDS.index("L")], burial[AMINO_ACIDS.index("K")]
    assert leucine[10] < 0 < leucine[1]
    assert lysine[1] < 0 < lysine[10]


def test_helices_turn_to_the_right_and_are_short_over_four_residues():
    helix, strand = statistics().distance14.mean(axis=(1, 2))[:2]
    assert -12.0 + 0.5 * (helix.argmax() + 0.5) == pytest.approx(5.1, abs=0.5)
    assert abs(-12.0 + 0.5 * (strand.argmax() + 0.5)) == pytest.approx(10.2, abs=0.8)


def test_side_chains_reach_as_far_as_they_are_long():
    length = np.linalg.norm(statistics().sidechain_centre, axis=2)
    by_letter = dict(zip(AMINO_ACIDS, length.mean(axis=1)))
    assert by_letter["G"] == 0
    assert by_letter["A"] == pytest.approx(1.53, abs=0.1)
    assert by_letter["A"] < by_letter["V"] < by_letter["L"] < by_letter["K"] < by_letter["W"] + 0.3


def test_a_damaged_table_is_told_in_one_line(tmp_path):
    path = tmp_path / "assembly.npz"
    path.write_bytes(b"not a table")
    with pytest.raises(InputError, match=r"assembly\.npz"):
        load(path)
    tables = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    np.savez(path, **(tables | {"burial": np.zeros((20, 3))}))
    with pytest.raises(InputError, match="burial"):
        load(path)
    np.savez(path, **(tables | {"closest": np.full(20, np.nan)}))
    with pytest.raises(InputError, match="closest"):
        load(path)
