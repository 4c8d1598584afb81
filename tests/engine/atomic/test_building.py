"""All atoms from Cα: near the truth from noisy starts, chemically whole from any start."""

from pathlib import Path

import numpy as np
import pytest

from critasser.atomic import AtomicReport, build_atoms
from critasser.atomic.chemistry import ATOMS, SG
from critasser.atomic.relaxation import Relaxation, RelaxationError
from critasser.atomic.residue_atoms import atoms_of_model
from critasser.atomic.validation import (
    clashing_atoms,
    inverted_centres,
    omega,
    stretched_bonds,
    threaded_rings,
)
from critasser.density import sample
from critasser.errors import Cancelled, InputError
from critasser.structure import Sequence, Target, read_chains, rmsd

DATA = Path(__file__).parents[2] / "data"


def noisy(native, size, seed=1):
    rng = np.random.default_rng(seed)
    return native.positions[:, 1] + rng.normal(size=(len(native), 3)) * size / np.sqrt(3)


def build(target, calpha, density, schedule="draft", **options):
    return build_atoms(
        target, calpha, density, 3.0, rng=np.random.default_rng(0), schedule=schedule, **options
    )


def assert_whole(target, model, report):
    """What every result promises."""
    atoms = atoms_of_model(model)
    last = np.append(~target.bonded, True)
    for index, letter in enumerate(target.letters):
        assert np.isfinite(atoms[index, : len(ATOMS[letter])]).all()
        assert np.isfinite(atoms[index, 14]).all() == last[index]
    assert len(clashing_atoms(target, atoms, report.disulfides)) == report.clashes_after == 0
    assert len(inverted_centres(target, atoms)) == 0
    assert len(threaded_rings(target, atoms, report.disulfides)) == 0
    assert len(stretched_bonds(target, atoms)) == 0
    cis = np.flatnonzero(np.abs(omega(target, atoms)) < np.pi / 2)
    assert cis.tolist() == list(report.cis)


@pytest.fixture(scope="module")
def built(target, native, density):
    return build(target, noisy(native, 1.0), density, "standard")


def test_a_map_at_3_angstroms_takes_out_an_angstrom_of_noise(built, target, native):
    model, report = built
    atoms = atoms_of_model(model)
    assert isinstance(report, AtomicReport)
    error = np.sum((atoms - native.positions) ** 2, axis=-1)
    assert np.sqrt(error[:, 1].mean()) < 0.3
    assert np.sqrt(error[:, :4].mean()) < 0.4
    assert np.sqrt(np.nanmean(error)) < 1.0


def test_the_model_is_chemically_whole(built, target):
    assert_whole(target, *built)
    assert built[1].warnings == ()
    assert built[1].energy_after < built[1].energy_before
    assert built[1].density_after > built[1].density_before


def test_a_run_repeated_gives_the_same_bytes(target, native, density):
    first, second = (build(target, noisy(native, 0.5), density)[0] for _ in range(2))
    assert first.positions.tobytes() == second.positions.tobytes()


@pytest.mark.parametrize("start", ["random walk", "one point", "mirror", "two halves swapped"])
def test_awful_starts_give_whole_models(start, target, native, density, rng):
    calpha = native.positions[:, 1]
    steps = rng.normal(size=calpha.shape)
    calpha = {
        "random walk": calpha.mean(axis=0)
        + np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1)[:, None], axis=0),
        "one point": np.broadcast_to(calpha.mean(axis=0), calpha.shape),
        "mirror": calpha * [1, 1, -1] + [0, 0, 2 * calpha[:, 2].mean()],
        "two halves swapped": np.roll(calpha, 28, axis=0),
    }[start]
    model, report = build(target, calpha, density)
    assert_whole(target, model, report)


def test_two_chains_laid_upon_each_other_part(target, native, density):
    short = Sequence("A", target.letters[:25])
    two = Target((short, Sequence("B", short.letters)))
    calpha = native.positions[:25, 1]
    model, report = build(two, np.vstack([calpha, calpha + [1.0, 0, 0]]), density)
    assert_whole(two, model, report)
    assert sum(name == "OXT" for name in model.atom_names) == 2


def test_without_a_map_the_restraint_keeps_the_chain(target, native):
    model, report = build(target, native.positions[:, 1], None)
    assert_whole(target, model, report)
    assert np.isnan(report.density_after)
    assert rmsd(model.calpha, native.positions[:, 1]) < 1.0


def test_cysteines_that_can_bridge_are_bridged_and_reported():
    """Barnase with two residues, whose CB are 4.2 Å apart, replaced by cysteine."""
    chain = read_chains(DATA / "1a2p_A.pdb.gz")[0]
    letters = list(chain.letters)
    letters[73] = letters[83] = "C"
    target = Target((Sequence("A", "".join(letters)),))
    model, report = build(target, chain.calpha, None)
    assert_whole(target, model, report)
    assert report.disulfides == ((73, 83),)
    sulphur = atoms_of_model(model)[[73, 83], SG]
    assert np.linalg.norm(sulphur[0] - sulphur[1]) == pytest.approx(2.05, abs=0.1)


def test_progress_rises_to_one_and_never_pauses(target, native, density):
    told = []
    build(target, noisy(native, 0.5), density, progress=lambda f, m: told.append((f, m)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(message for _, message in told)


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.7])
def test_cancelling_stops_the_work_at_any_stage(after, target, native, density):
    def progress(fraction, message):
        if fraction >= after:
            raise Cancelled

    with pytest.raises(Cancelled):
        build(target, noisy(native, 0.5), density, progress=progress)


def test_a_failure_of_dynamics_is_survived_and_told(target, native, density, monkeypatch):
    real = Relaxation.dynamics
    calls = []

    def failing(self, *arguments, **options):
        calls.append(options)
        if len(calls) == 1:
            raise RelaxationError("dynamics gave positions that are not numbers")
        return real(self, *arguments, **options)

    monkeypatch.setattr(Relaxation, "dynamics", failing)
    model, report = build(target, noisy(native, 0.5), density, "standard")
    assert_whole(target, model, report)
    assert any("dynamics" in text and "smaller steps" in text for text in report.warnings)
    assert calls[1]["timestep"] < 0.001


def test_a_failed_minimisation_is_survived_and_told(target, native, density, monkeypatch):
    real = Relaxation.minimise
    left = [1]

    def failing(self, *arguments):
        if left and left.pop():
            raise RelaxationError("minimisation failed")
        return real(self, *arguments)

    monkeypatch.setattr(Relaxation, "minimise", failing)
    model, report = build(target, noisy(native, 0.5), density)
    assert_whole(target, model, report)
    assert any("minimisation failed" in text for text in report.warnings)


def test_mistakes_are_told_before_any_work(target, native, density):
    calpha = native.positions[:, 1]
    with pytest.raises(InputError, match="schedule"):
        build(target, calpha, density, "fast")
    with pytest.raises(ValueError, match="shape"):
        build(target, calpha[:-1], density)
    with pytest.raises(ValueError, match="finite"):
        build(target, calpha * np.nan, density)
    with pytest.raises(InputError, match="one residue"):
        build(Target((Sequence("A", "G"),)), calpha[:1], density)


def test_the_map_does_not_draw_residues_that_have_no_density(target, native, density):
    unseen = np.arange(len(target)) >= len(target) - 10
    calpha = native.positions[:, 1].copy()
    calpha[unseen] += [1.5, 0.0, 0.0]
    drawn, left = (
        sample(density, build(target, calpha, density, unseen=mask)[0].calpha[unseen]).mean()
        for mask in (None, unseen)
    )
    assert left < drawn - 0.1
