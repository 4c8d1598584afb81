"""What a rebuild says of itself: what moved, how far, and whether that is better."""

import json

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.critasser.models.moved import in_stretches, what_moved


def model(session, numbers, shifts=None, chain="A"):
    structure = AtomicStructure("m", session)
    structure.residues = [
        Residue(chain, n, 0.0, "ALA", (3.8 * n, (shifts or {}).get(n, 0.0), 0.0), structure)
        for n in numbers
    ]
    session.models.add([structure])
    return structure


def test_distances_are_of_the_stretch_and_of_the_rest(session):
    before = model(session, range(1, 11))
    after = model(session, range(1, 11), {4: 1.0, 5: 3.0, 6: 2.0, 9: 0.1})
    moved = what_moved(before, after, in_stretches("A:4-6"))
    assert (moved.built, moved.added, moved.where) == (3, 0, "A 5")
    assert moved.mean == pytest.approx(2.0) and moved.most == pytest.approx(3.0)
    assert str(moved) == (
        "3 residues rebuilt: their Cα moved by 2.0 Å on average and 3.0 Å at most (A 5); "
        "nothing else moved"
    )
    assert "elsewhere residues moved by up to 2.0" in str(
        what_moved(before, after, in_stretches("A:4-5"))
    )


def test_residues_that_were_missing_are_new(session):
    before = model(session, [1, 2, 3, 6, 7, 8])
    after = model(session, range(1, 9), {3: 0.5})
    moved = what_moved(before, after, in_stretches("A:3-5"))
    assert (moved.built, moved.added) == (3, 2) and moved.mean == pytest.approx(0.5)
    assert np.isnan(what_moved(before, after, in_stretches("A:4-5")).mean)


def test_chains_without_a_name_and_stretches_that_are_none(session):
    before, after = (model(session, range(1, 6), chain=" ") for _ in range(2))
    assert what_moved(before, after, in_stretches("_:2-3")).built == 2
    assert in_stretches("A:1-2, nonsense,B:-3-5A") == [
        (("A", 1, ""), ("A", 2, "")), (("B", -3, ""), ("B", 5, "A"))
    ]  # fmt: skip
    assert what_moved(before, after, in_stretches("B:2-3")) is None


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [(0.41, 0.62, "0.41 before, 0.62 now: better"), (0.7, 0.6, "now: worse"),
     (0.841, 0.839, "now: no better"), (None, 0.6, "is 0.60")],
)  # fmt: skip
def test_it_is_told_whether_the_new_stretch_is_better(session, tmp_path, before, now, said):
    from chimerax.critasser.models.job_group import JobGroup, mark_file, register_file_attributes
    from chimerax.critasser.models.origin import keep_origin
    from chimerax.critasser.views.rebuilt import RebuiltResults

    old = model(session, range(1, 6))
    (tmp_path / "inputs").mkdir()
    keep_origin(tmp_path, old)
    described = {"kind": "rebuild", "options": {"stretches": "A:2-3"}}
    (tmp_path / "job.json").write_text(json.dumps(described))
    entry = {"file": "5_models/model_1.cif", "stretch_pcc": now}
    (tmp_path / "results.json").write_text(
        json.dumps({"models": [entry], "stretch_pcc_before": before})
    )
    group = JobGroup(session, "again", tmp_path)
    session.models.add([group])
    new = model(session, range(1, 6), {2: 1.0})
    new.parent = group
    register_file_attributes(session)
    mark_file(new, entry["file"], "models", 1)
    view = RebuiltResults(session, "again", tmp_path, None)
    view.adopt(group)
    view.finish()
    told = session.logger.text("info")
    assert said in told and "2 residues rebuilt" in told
    assert f"hide {new.atomspec} models; show {old.atomspec} models" in told
    assert not old.display
