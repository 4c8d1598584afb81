"""Cis peptides before proline go all the way from Cα to atoms, and none is invented."""

import numpy as np
import pytest

from critasser.assembly import assemble, refine_centroids
from critasser.assembly.cis import cis_by_starts
from critasser.assembly.complete import mended
from critasser.atomic import build_atoms
from critasser.structure import Template, Trace

CIS = [25, 36]


def short(positions):
    """Residues whose bond to the next is that of a cis peptide."""
    return np.flatnonzero(np.linalg.norm(np.diff(positions, axis=0), axis=1) < 3.3).tolist()


def cooled(scene, starts):
    """Cα after both rounds of assembly."""
    options = {"calpha": scene.calpha, "density": scene.density, "resolution": scene.resolution}
    decoys = assemble(
        scene.target, starts, rng=np.random.default_rng(0), replicas=4, sweeps=100, **options
    )
    centre = decoys.positions[decoys.energy.argmin()].astype(float)
    (refined,) = refine_centroids(
        [centre], scene.target, starts, rng=np.random.default_rng(1), sweeps=100, **options
    )
    return refined


def test_mending_keeps_cis_peptides_before_proline_and_no_other_short_bond(with_cis, barnase):
    assert short(with_cis.native) == CIS
    assert short(mended(with_cis.native, with_cis.target)) == CIS
    squeezed = barnase.native.mean(axis=0) + 0.8 * (barnase.native - barnase.native.mean(axis=0))
    letters = barnase.chain.letters
    assert all(letters[i + 1] == "P" for i in short(mended(squeezed, barnase.target)))


def test_cis_peptides_of_a_template_are_cis_in_the_atoms(with_cis):
    refined = cooled(with_cis, [Template(with_cis.native, 0.9, "its own structure")])
    assert short(refined) == CIS
    _, report = build_atoms(
        with_cis.target, refined, with_cis.density, with_cis.resolution,
        rng=np.random.default_rng(2), schedule="draft",
    )  # fmt: skip
    assert list(report.cis) == CIS


@pytest.mark.parametrize("seed", [1, 2])
def test_cis_peptides_of_a_trace_survive_where_its_calpha_are_accurate(with_cis, seed):
    rng = np.random.default_rng(seed)
    calpha = with_cis.native + rng.normal(size=with_cis.native.shape) * 0.2 / np.sqrt(3)
    trace = Trace(calpha, np.full(len(calpha), 0.95), 1.0, "accurate")
    assert short(cooled(with_cis, [trace])) == CIS


def test_starts_tell_of_peptides_only_where_they_run_as_the_chain_does(with_cis):
    trace = Trace(with_cis.native, np.ones(len(with_cis.native)), 1.0, "right")
    cis, told = cis_by_starts(with_cis.native, with_cis.target, [trace])
    assert np.flatnonzero(cis).tolist() == CIS
    letters = with_cis.chain.letters
    assert all(letters[i + 1] == "P" for i in np.flatnonzero(told))
    elsewhere = Trace(with_cis.native + 9.0, np.ones(len(with_cis.native)), 1.0, "elsewhere")
    cis, told = cis_by_starts(with_cis.native, with_cis.target, [elsewhere])
    assert not cis.any()
    assert not told.any()


@pytest.mark.parametrize("scene", ["with_cis", "barnase"])
def test_traces_that_are_half_an_angstrom_off_do_not_make_peptides_cis(request, scene):
    scene = request.getfixturevalue(scene)
    assert short(cooled(scene, [scene.noisy_trace(seed) for seed in range(4)])) == []
