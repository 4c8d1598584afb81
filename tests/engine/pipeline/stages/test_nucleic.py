"""What looks like nucleic acid is written apart, told, and left out of the positions."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.density import read_map
from critasser.job.arrays import load_region, save_calpha, save_symmetry
from critasser.network.nucleic.finding import NucleicAcid
from critasser.pipeline.files import DENSITY, EVERY_CALPHA, FEATURES, NUCLEIC, NUCLEIC_MAP, UNITS
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.stage import Stage
from critasser.pipeline.stages import (
    assembly,
    calpha,
    decoys,
    nucleic,
    sequences,
    stretch_assembly,
    stretch_atomic,
    stretch_trace,
    templates,
    trace,
    unseen,
    weaker,
)
from critasser.structure import CalphaSet, NucleicRecord, Symmetry

GUIDE = NucleicRecord("guide", 20)


@pytest.fixture
def found(monkeypatch):
    """Let nucleic acid be in the map's first sections, or nowhere, and leave room for protein."""

    def set_found(sections: int, *, room: bool = True) -> None:
        def find(density, probability):
            region = np.zeros(density.shape, bool)
            region[:sections] = True
            volume = float(region.sum())
            return NucleicAcid(region, volume, int(sections > 0))

        monkeypatch.setattr(nucleic, "nucleic_probability", lambda *_, **__: None)
        monkeypatch.setattr(nucleic, "find_regions", find)
        monkeypatch.setattr(nucleic, "leaves_room", lambda *_: room)

    return set_found


NO_CALPHA = CalphaSet(np.zeros((0, 3)), np.zeros(0), np.zeros((0, 20)), np.zeros((0, 3)))


@pytest.fixture
def no_calpha():
    """A stage that finds neither a position nor a symmetry."""

    def body(context):
        save_calpha(context.file(EVERY_CALPHA), NO_CALPHA, 0.0, False)
        save_symmetry(context.file(UNITS), Symmetry(np.eye(3)[None], np.zeros((1, 3))))
        context.note(map_symmetry=None)

    return Stage("symmetry", body)


def of(task, *records):
    return replace(task, checked=replace(task.checked, nucleic=records))


def test_the_map_of_nucleic_acid_is_the_density_there_and_nothing_else(job, task, before, found):
    found(3)
    run_stages(job, [before(), nucleic.STAGE], of(task(), GUIDE))
    density, shown = (read_map(job.path(name)).values for name in (DENSITY, NUCLEIC_MAP))
    np.testing.assert_array_equal(shown[:3], density[:3])
    assert not shown[3:].any()
    region = load_region(job.path(NUCLEIC))
    assert region.shape == density.shape and region[:3].all() and not region[3:].any()
    assert job.noted("nucleic", "nucleic_acid") == {
        "volume": 270.0, "regions": 1, "left_out": True
    }  # fmt: skip
    assert job.markers["nucleic"]["summary"]["said"] == (
        "nucleic acid: 270 Å³, where no Cα are looked for"
    )
    assert job.warnings() == []


@pytest.mark.parametrize(
    ("sections", "records", "told"),
    [
        (3, (), "the FASTA file names no DNA or RNA"),
        (0, (GUIDE,), "has DNA or RNA (guide), and none is seen in the map"),
        (0, (), None),
    ],
)
def test_where_map_and_sequences_differ_it_is_told(
    job, task, before, found, no_calpha, sections, records, told
):
    found(sections)
    run_stages(job, [before(), nucleic.STAGE, no_calpha, sequences.STAGE], of(task(), *records))
    warnings = job.warnings()
    assert len(warnings) == (told is not None) and all(told in line for line in warnings)


def test_in_poor_maps_it_is_shown_and_nothing_is_left_out(job, task, before, found):
    found(3)
    run_stages(job, [before(9.0), nucleic.STAGE], of(task()))
    assert job.warnings() == []
    assert read_map(job.path(NUCLEIC_MAP)).values[:3].any()
    assert not load_region(job.path(NUCLEIC)).any()
    assert not job.noted("nucleic", "nucleic_acid")["left_out"]
    assert "not told apart well enough" in job.markers["nucleic"]["summary"]["said"]


@pytest.mark.parametrize(
    ("records", "room", "told"),
    [((GUIDE,), False, "it is taken for protein"), ((), True, "no sequence of DNA or RNA")],
)
def test_what_the_protein_needs_or_nobody_names_is_not_left_out(
    job, task, before, found, records, room, told
):
    found(3, room=room)
    run_stages(job, [before(), nucleic.STAGE], of(task(), *records))
    assert read_map(job.path(NUCLEIC_MAP)).values[:3].any()
    assert not load_region(job.path(NUCLEIC)).any()
    assert not job.noted("nucleic", "nucleic_acid")["left_out"]
    assert told in job.markers["nucleic"]["summary"]["said"]


def test_without_any_nothing_is_left_out(job, task, before, found):
    found(0)
    run_stages(job, [before(), nucleic.STAGE], task())
    assert job.noted("nucleic", "nucleic_acid") == {
        "volume": 0.0, "regions": 0, "left_out": False
    }  # fmt: skip


def test_smaller_tiles_are_tried_for_the_network_only(job, task, before, found, monkeypatch):
    found(3)
    tried = []

    def too_large(*_, tile, **__):
        tried.append(tile)
        if len(tried) < 3:
            raise MemoryError

    monkeypatch.setattr(nucleic, "nucleic_probability", too_large)
    run_stages(job, [before(), nucleic.STAGE], of(task(), GUIDE))
    assert tried == list(nucleic.TILES)
    assert ["do not fit in memory" in line for line in job.warnings()] == [True, True]

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(nucleic, "find_regions", fail)
    with pytest.raises(MemoryError):
        run_stages(job, [before(3.5), nucleic.STAGE], of(task(), GUIDE))
    assert len(tried) == 4


def test_a_rebuild_of_the_same_sequences_takes_it_over(job, task, before, found):
    found(3)
    stages = [before(), nucleic.STAGE]

    def key(task):
        run_stages(job, stages, task)
        return job.markers["nucleic"]["key"]

    build = key(of(task(), GUIDE))
    assert key(replace(of(task(), GUIDE), kind="rebuild")) == build
    assert key(of(task())) != build


def test_no_position_is_looked_for_where_there_is_nucleic_acid(job, task, before, monkeypatch):
    looked = []

    def find(features, length):
        looked.append(features.calpha)
        return NO_CALPHA

    for stage in (calpha, weaker):
        monkeypatch.setattr(stage, "find_calpha", find)
    monkeypatch.setattr(calpha, "read_residues", lambda _, found, *__, **___: found)
    region = np.zeros((8, 9, 10), bool)
    region[:, :4] = True
    run_stages(job, [before(nucleic=region), calpha.STAGE, weaker.STAGE], task())
    assert len(looked) == 4  # the mean, each opinion, and weaker positions of the mean
    for probability in looked:
        assert not probability[:, :4].any() and probability[:, 4:].all()


LOOKERS = (
    calpha, weaker, sequences, templates, trace, unseen, assembly, decoys, stretch_trace,
    stretch_assembly, stretch_atomic,
)  # fmt: skip


@pytest.mark.parametrize("stage", LOOKERS, ids=lambda one: one.__name__.rpartition(".")[2])
def test_stages_that_place_protein_know_what_is_none(stage):
    """That what a stage declares is what it reads is tested with whole builds."""
    assert NUCLEIC in stage.STAGE.reads


def test_protein_has_no_density_there(job, task, before):
    """Half of the density is nucleic acid, and so is half of what the network took for backbone."""
    half, seen = 4, {}
    region = np.zeros((8, 9, 10), bool)
    region[:half] = True

    def look(context):
        seen["backbone"] = nucleic.protein_features(context).backbone
        seen["density"] = nucleic.protein_density(context).values
        seen["whole"] = read_map(context.read(DENSITY)).values

    last = Stage("look", look, reads=(DENSITY, FEATURES, NUCLEIC))
    run_stages(job, [before(nucleic=region), last], task())
    assert not seen["backbone"][:half].any() and seen["backbone"][half:].all()
    assert not seen["density"][:half].any()
    assert np.array_equal(seen["density"][half:], seen["whole"][half:])
