"""What is learnt of side chains."""

import numpy as np

from critasser.atomic.rotamer_statistics import chi_angles, chi_bins, learn
from critasser.structure import AMINO_ACIDS


def test_learnt_rotamers_are_means_of_what_fell_into_them(chain, native):
    tables = learn([chain] * 30)
    rows = native.codes == AMINO_ACIDS.index("V")
    angles = chi_angles("V", native.positions[rows])
    bins = chi_bins("V", angles)
    commonest = np.bincount(bins).argmax()
    np.testing.assert_allclose(
        np.exp(1j * tables["V_chi"][0]),
        np.exp(1j * np.angle(np.exp(1j * angles[bins == commonest]).mean(axis=0))),
        atol=1e-6,
    )
    assert tables["V_counts"].sum() <= 30 * rows.sum()
