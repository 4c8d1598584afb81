"""What is found out about templates is told and handed on."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import gemmi
import numpy as np
import pytest

from critasser.errors import InputError
from critasser.executors import HERE, Done
from critasser.fitting import Placement, Poses, RigidFit
from critasser.pipeline.expected_time import bending_share
from critasser.pipeline.stages import density_fit, judged_templates, templates
from critasser.pipeline.stages.density_fit import (
    DensityFit,
    fit_by_density,
    search_at_once,
    template_chains,
)
from critasser.pipeline.stages.density_places import DensityPlaces, load_places, save_places
from critasser.pipeline.stages.density_places import remarks as _remarks
from critasser.pipeline.stages.judged_templates import Seen, judged_by_map
from critasser.pipeline.stages.templates import (
    _absent,
    _by_given,
    _tell,
    _tell_folds,
    _write_elsewhere,
)
from critasser.pipeline.stages.tried_templates import Tried, suits
from critasser.structure import (
    CalphaSet,
    Sequence,
    Target,
    Template,
    read_chains,
)
from critasser.templates import PlacedChain, Rejected
from critasser.threading import library_of
from critasser.threading.library import EMPTY

DATA = Path(__file__).parents[3] / "data"


def fit(*z_scores):
    """A fit whose best poses have these z-scores of four at most."""
    chance = np.sqrt(0.75) * np.array([1.0, 1.0, -1.0, -1.0])  # mean 0, deviation 1
    detail = np.array([*z_scores, *(1.0,) * (4 - len(z_scores)), *chance])
    poses = Poses(np.tile(np.eye(3), (8, 1, 1)), np.zeros((8, 3)), detail)
    return RigidFit(poses, np.zeros(8))


def placement(fits, placed):
    domain = np.repeat(np.arange(len(fits)), 50)
    return Placement(np.zeros((len(domain), 3)), domain, tuple(fits), tuple(placed))


def test_a_clear_fit_needs_no_remark():
    assert _remarks(np.ones(50, bool), [placement([fit(30.0, 1.0)], [True])], 1) == []


def test_residues_that_the_prediction_is_unsure_of_are_counted():
    trusted = np.arange(50) >= 7
    (line,) = _remarks(trusted, [placement([fit(30.0, 1.0)], [True])], 1)
    assert line.startswith("7 of 50 residues")


def test_a_domain_without_a_place_is_told():
    two = placement([fit(30.0, 1.0), fit(3.2, 1.0)], [True, False])
    (line,) = _remarks(np.ones(100, bool), [two], 1)
    assert line.startswith("1 of 2 domains (50 residues)")


@pytest.mark.parametrize(("copies", "told"), [(1, 1), (2, 0)])
def test_equal_places_are_told_unless_as_many_copies_are_built(copies, told):
    twice = [placement([fit(30.0, 29.5, 1.0)], [True])] * 2
    assert len(_remarks(np.ones(50, bool), twice, copies)) == told


def test_a_small_domain_that_fits_elsewhere_too_is_no_equal_place():
    two = placement([fit(30.0, 1.0), fit(4.0, 3.9, 1.0)], [True, True])
    positions = np.where(two.domain[:, None] == 1, two.positions, np.nan)
    again = dataclasses.replace(two, positions=positions, placed=(False, True))
    assert _remarks(np.ones(100, bool), [two, again], 1) == []


@pytest.fixture
def fitted(monkeypatch):
    """The errors by which structures were cut when they were fitted."""
    errors = []

    def fit_structure(calpha, fields, *, error, **_):
        errors.append(error)
        return (Placement(np.full(calpha.shape, np.nan), np.zeros(len(calpha)), (), ()),)

    monkeypatch.setattr(density_fit, "fit_structure", fit_structure)
    monkeypatch.setattr(density_fit, "network_fields", lambda features: None)
    return errors


def test_each_chain_of_a_file_is_cut_by_its_own_block_of_the_error(tmp_path, chain, fitted):
    n = len(chain)
    whole = np.arange(4.0 * n * n).reshape(2 * n, 2 * n)
    np.savez(tmp_path / "pae.npz", pae=whole)
    one, two = tmp_path / "one.pdb", tmp_path / "two.pdb"
    written = gemmi.read_structure(str(DATA / "1gl2_D.pdb.gz"))
    written.write_pdb(str(one))
    written[0].add_chain(written[0][0].clone())
    written[0][1].name = "X"
    written.write_pdb(str(two))
    chains, errors = template_chains([one, two], [None, tmp_path / "pae.npz"])
    assert [each.title for each in chains] == [
        "chain D of one.pdb", "chain D of two.pdb", "chain X of two.pdb",
    ]  # fmt: skip
    fit = fit_by_density(chains, None, np.random.default_rng(0), errors=errors)
    for number in range(3):
        fit(number)
    assert fitted[0] is None
    assert np.array_equal(fitted[1], whole[:n, :n]) and np.array_equal(fitted[2], whole[n:, n:])


def test_without_errors_contacts_cut_all_chains(chain, fitted):
    fit_by_density([chain], None, np.random.default_rng(0))(0)
    assert template_chains([DATA / "1gl2_D.pdb.gz"], [None])[1] == [None] and fitted == [None]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    paths = [tmp_path / folder / "ranked_0.pdb.gz" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes((DATA / "1gl2_D.pdb.gz").read_bytes())
    chains, _ = template_chains(paths, [None, None])
    assert [one.title for one in chains] == [f"chain D of {path}" for path in paths]


class Backwards:
    """An executor that does the last item first."""

    def at_once(self, count, seconds):
        return count

    def map(self, work, items, *, shared, progress, **_):
        done = [Done(work(**shared, **item, progress=progress), 2.0) for item in items[::-1]]
        return iter(done[::-1])


def drawn(*, calpha, fields, rng, progress, **_):
    """A search that finds one place, by chance."""
    progress(0.5, "searching")
    place = calpha + rng.normal(size=3)
    where = np.zeros(len(calpha))
    return (Placement(place, where, (fit(30.0, 1.0),), (True,), (0.0,), (0.0,), (False,)),)


def test_chains_searched_for_at_a_time_lie_where_each_alone_does(chain, monkeypatch, fields_of):
    monkeypatch.setattr(density_fit, "fit_structure", drawn)
    elsewhere = []
    context = SimpleNamespace(
        target=Target((Sequence("A", chain.letters),)),
        executor=Backwards(),
        run=SimpleNamespace(job=SimpleNamespace(log=None), cpu_elsewhere=1.0),
        progress=SimpleNamespace(of_stage=lambda done, _: elsewhere.append(done)),
    )
    at_once, alone = (
        DensityFit((chain, chain), fields_of(chain), np.random.default_rng(0)) for _ in range(2)
    )
    assert search_at_once(context, at_once) == 0.7
    assert set(at_once.found) == {0, 1} and context.run.cpu_elsewhere == 5.0
    assert elsewhere == [0.35, 0.35]
    places = []
    for number in (1, 0):
        (one,), (other,) = (
            each(number, progress=lambda *_: None) for each in (at_once, alone)
        )
        assert one.positions.tobytes() == other.positions.tobytes()
        places.append(one.positions)
    assert not np.array_equal(*places)


@pytest.mark.parametrize(("executor", "begins"), [(Backwards(), 0.7), (HERE, 0.0)])
def test_reading_chains_goes_on_where_the_search_for_them_left_off(
    chain, monkeypatch, executor, begins, fields_of
):
    class Progress(list):
        def __call__(self, done, _):
            self.append(done)

        of_stage = __call__

    def survey(chains, *_, progress, fit):
        assert (set(fit.found) == {0, 1}) == (begins > 0.0)
        del told[:]
        for done in (0.0, 0.5, 1.0):
            progress(done, "reading")
        raise StopIteration

    told = Progress()
    context = SimpleNamespace(
        target=Target((Sequence("A", chain.letters),)),
        executor=executor,
        run=SimpleNamespace(job=SimpleNamespace(log=None), cpu_elsewhere=0.0),
        progress=told, rng=np.random.default_rng(0), warn=None, read=str, external=str,
        all_external=lambda _: ["a.pdb"], fact=lambda _: None,
    )  # fmt: skip
    for name, given in {
        "load_calpha": (None, None, True), "fitted_features": None,
        "template_chains": ([chain, chain], [None, None]), "load_units": (None, False),
        "load_places": {}, "load_library": EMPTY,
    }.items():  # fmt: skip
        monkeypatch.setattr(templates, name, lambda *_, given=given: given)
    monkeypatch.setattr(templates.SideChains, "of", lambda *_: None)
    monkeypatch.setattr(density_fit, "network_fields", lambda _: fields_of(chain))
    monkeypatch.setattr(density_fit, "fit_structure", drawn)
    monkeypatch.setattr(templates, "survey", survey)
    with pytest.raises(StopIteration):
        templates.STAGE.body(context)
    placed = 1.0 - bending_share(len(chain))  # bending is left
    assert told == pytest.approx([begins, (placed + begins) / 2, placed])


def test_a_fold_that_was_found_brings_no_chain_back_as_a_given_structure_does(chain):
    """The map alone shows the first of two copies; a template lies in both."""
    noted = {}
    context = SimpleNamespace(
        target=Target((Sequence("A", chain.letters), Sequence("B", chain.letters))),
        numbers_noted=lambda _: (1.0, -1.0), number_noted=lambda _: 200.0,
        chains_noted=lambda _: (1,), warn=lambda _: None, note=lambda **given: noted.update(given),
    )  # fmt: skip
    both = Template(np.concatenate([chain.calpha, chain.calpha + 60.0]), 0.9, "x")
    assert _absent(context, [both], []) == [1] and noted == {"absent": [1]}
    assert _absent(context, [both], [chain]) == []


def test_a_given_structure_that_is_refused_brings_no_chain_back_by_a_fold_that_was_found(chain):
    target = Target((Sequence("A", chain.letters), Sequence("B", chain.letters[:-5])))
    calpha = np.concatenate([chain.calpha, chain.calpha[:-5] + 60.0])
    tried = Tried((chain,), (chain,), (record(entity=1),), "that ships")
    (left,) = _by_given(target, [Template(calpha, 0.9, "x")], tried)
    assert left.placed[: len(chain)].all() and not left.placed[len(chain) :].any()
    tried = Tried((chain,), (chain,), (record(entity=0),), "that ships")
    only = np.where(np.arange(len(calpha))[:, None] < len(chain), calpha, np.nan)
    assert _by_given(target, [Template(only, 0.9, "x")], tried) == []


def record(**changed):
    """What stage template_search notes of a chain that it found."""
    return {"structure": "1hpm_A", "by_sequence": 7.21, "by_map": 5.1, "entity": 0, **changed}


def tried(chain, noted, folds=None):
    """A chain that was given, and one of the library of which something was noted."""
    facts = {"found": noted, "known_folds": folds}
    return Tried.of(SimpleNamespace(fact=facts.get), [chain], library_of([("1hpm_A", chain)]))


@pytest.mark.parametrize(
    ("noted", "stand_out", "by"),
    [
        ([record()], {1: 5.1}, (7.21, 5.1)), ([record(by_map=None)], {}, (7.21, None)),
        (None, {}, (None, None)),
        (["x"], {}, (None, None)), ([record(), record()], {}, (None, None)),
        ([record(by_map=True, by_sequence="9", entity=1.5)], {}, (None, None)),
        ("x", {}, (None, None)),
    ],
)  # fmt: skip
def test_what_was_noted_of_known_folds_is_not_taken_on_trust(chain, noted, stand_out, by):
    found = tried(chain, noted)
    assert found.stand_out == stand_out
    origin = found.origin([1])
    assert (origin["by_sequence"], origin["by_map"]) == by
    assert found.origin([0]) == {
        "origin": "given", "structure": None, "by_sequence": None, "by_map": None,
    }  # fmt: skip
    assert found.origin([0, 1])["origin"] == "given and known fold"


def test_known_folds_that_lead_are_told_with_how_to_do_without(chain):
    warnings, lines, said, noted = [], [], [], {}
    context = SimpleNamespace(
        warn=warnings.append, say=said.append, note=lambda **given: noted.update(given),
        run=SimpleNamespace(job=SimpleNamespace(log=lines.append)),
    )  # fmt: skip
    both = tried(chain, [record()], {"library": "that ships"})
    mine = Rejected("chain A of mine.pdb", "has no place", 0)
    _tell_folds(context, both, [both.origin([1]), both.origin([0])])
    _tell(context, both, [both.origin([1])], [mine])
    assert warnings == [
        "known fold 1hpm_A (by sequence z 7.2, by map 5.1 deviations), found in the library that "
        "ships, leads the build where the map does not tell the sequence; --no-template-search "
        "builds without",
        "chain A of mine.pdb is not used: has no place",
    ]
    assert said == ["chains that lie in the map: 1 of 2; known folds among them: 1hpm_A"]
    assert noted["refused"] == [
        {"source": "chain A of mine.pdb", "origin": "given", "structure": None,
         "by_sequence": None, "by_map": None, "reason": "has no place"},
    ]  # fmt: skip
    del warnings[:]
    _tell(context, both, [], [Rejected("chain 1hpm_A of the library", "has no place", 1)])
    assert not warnings and lines == ["chain 1hpm_A of the library is not used: has no place"]
    assert suits(noted["refused"][0]) == "by sequence z 7.2, by map 5.1 deviations"


def test_places_of_given_structures_are_kept_as_they_are(chain, tmp_path):
    path, n = tmp_path / "given.npz", len(chain)
    half = np.where(np.arange(n)[:, None] < 20, chain.calpha, np.nan)
    places = [
        DensityPlaces((PlacedChain(chain.calpha, 1), PlacedChain(half, 2)), True, 0.3), None,
        DensityPlaces((), False), DensityPlaces((PlacedChain(half[:30], 1),)),
    ]  # fmt: skip
    lengths = [n, 7, n, 30]
    save_places(path, places)
    again = load_places(path, lengths)
    assert set(again) == {0, 2, 3}
    assert [one.bodies for one in again[0].places] == [1, 2] and again[0].clear == 0.3
    np.testing.assert_array_equal(again[0].places[1].positions, half)
    assert not again[2].found and not again[2].places and again[3].clear == np.inf
    for wrong in ([n, 7, n, 31], [n, 7, n], []):
        with pytest.raises(InputError, match="delete it and resume"):
            load_places(path, wrong)
    save_places(path, [])
    assert load_places(path, []) == {}


def test_further_places_of_a_template_are_written(chain, tmp_path):
    class Folder:
        def file(self, name):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            return tmp_path / name

    target = Target((Sequence("A", chain.letters),))
    here, there = (Template(chain.calpha + 40.0 * k, 0.8, "x") for k in range(2))
    assert _write_elsewhere(Folder(), target, [(), (here, there)]) == (0, 2)
    (written,) = read_chains(tmp_path / "3_templates/template_02_place_3.cif")
    assert np.allclose(written.calpha, there.positions, atol=1e-3)
    assert len(list((tmp_path / "3_templates").iterdir())) == 2


def test_what_the_map_contradicts_is_told(chain):
    target = Target((Sequence("A", chain.letters),))
    n = len(chain)
    calpha = CalphaSet(
        chain.calpha, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3)
    )
    moved = chain.calpha.copy()
    moved[20:24] += 15.0
    lines = []
    (left,) = judged_by_map(
        [Template(moved, 0.8, "x")], calpha, target, tell=lambda _, line: lines.append(line)
    )
    assert not left.placed[20:24].any() and left.placed.sum() == n - 4
    assert lines == [
        f"the map's Cα positions contradict 4 of {n} residues of a template, which are built "
        "without it: x"
    ]


def test_what_the_way_of_the_chain_has_elsewhere_is_told(chain, fields_of, monkeypatch):
    target = Target((Sequence("A", chain.letters),))
    n = len(chain)
    calpha = CalphaSet(
        chain.calpha, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3)
    )
    elsewhere = np.arange(n) >= n - 12
    monkeypatch.setattr(judged_templates, "found_elsewhere", lambda *_: elsewhere)
    for trusted in (True, False):
        lines = []
        (left,) = judged_by_map(
            [Template(chain.calpha, 0.8, "x")], calpha, target,
            seen=Seen(fields_of(chain), object()), trusted=trusted,
            tell=lambda _, line, lines=lines: lines.append(line),
        )  # fmt: skip
        assert np.array_equal(left.placed, ~elsewhere)
        assert lines == [
            f"the map's chain trace contradicts 12 of {n} residues of a template, which are built "
            "without it: x"
        ]


def test_a_template_is_bent_into_the_density_where_that_gains(chain, fields_of):
    target = Target((Sequence("A", chain.letters),))
    n = len(chain)
    calpha = CalphaSet(
        chain.calpha, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3)
    )
    bent = chain.calpha.copy()
    bent[:, 0] += 2.5 * np.sin(np.arange(n) / n * 2 * np.pi)
    lines = []
    own, mended, there = judged_by_map(
        [Template(x, 0.1, "x") for x in (chain.calpha, bent, chain.calpha + 500.0)],
        calpha, target, seen=Seen(fields_of(chain), None, 6.0),
        tell=lambda _, line: lines.append(line),
    )  # fmt: skip
    assert np.array_equal(own.positions, chain.calpha) and own.score == 1.0
    assert np.array_equal(there.positions, chain.calpha + 500.0)  # no density, nothing pulls
    assert there.score < 0.01  # scores are of where templates lie, whatever was given
    off, left = (np.linalg.norm(x - chain.calpha, axis=1).mean() for x in (bent, mended.positions))
    assert left < off / 2 and mended.score > 0.9
    assert lines[0].startswith("bent into the map's density by ") and lines[0].endswith(": x")
    assert not any("bent" in line for line in lines[1:])


def test_a_template_knows_how_well_its_residues_suit_the_map(chain):
    target = Target((Sequence("A", chain.letters),))
    n = len(chain)
    profile = 0.02 + 0.6 * np.eye(20)[chain.codes]
    calpha = CalphaSet(chain.calpha, np.ones(n), profile, np.full((n, 3), 1 / 3))
    half = chain.calpha.copy()
    half[30:] = np.nan
    right, partly, wrong, nowhere = judged_by_map(
        [
            Template(x, 0.8, "x")
            for x in (chain.calpha, half, np.roll(chain.calpha, 2, axis=0), chain.calpha + 99.0)
        ],
        calpha, target,
    )  # fmt: skip
    assert right.z_score > partly.z_score > 3.0 > wrong.z_score
    assert nowhere.z_score == 0.0
