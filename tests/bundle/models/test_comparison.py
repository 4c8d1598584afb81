"""Where two models differ, and by how much."""

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.errors import UserError
from chimerax.geometry import Place, align_points

LETTERS = ("ALA", "LEU", "GLU", "LYS", "GLY", "TRP")


@pytest.fixture
def chain():
    """A random walk of Cα atoms with a sequence."""
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(80, 3))
    coords = np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1)[:, None], axis=0)
    return coords, [LETTERS[k] for k in rng.integers(0, 6, 80)]


def opened(session, name, coords, letters, chain="A", first=1):
    structure = AtomicStructure(name, session)
    structure.residues = [
        Residue(chain, first + i, 0.0, letter, coord, structure)
        for i, (letter, coord) in enumerate(zip(letters, coords))
    ]
    session.models.add([structure])
    return structure


def compare(session, *structures, **keywords):
    from chimerax.critasser.commands import compare as module

    return module.command(session, list(structures), **keywords)


def turned(coords):
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    return coords @ turn.T + (20.0, -5.0, 3.0)


def test_the_same_model_differs_nowhere(session, chain):
    result = compare(session, opened(session, "a", *chain), opened(session, "b", *chain))
    assert result.matched_by == "number"
    assert result.rmsd == 0 and result.tm == result.best_tm == 1.0


def test_a_stretch_that_differs_is_listed_and_selected_by_its_link(gui_session, chain):
    coords, letters = chain
    moved = coords.copy()
    moved[30:36] += (0.0, 0.0, 5.0)
    first = opened(gui_session, "a", coords, letters)
    second = opened(gui_session, "b", moved, letters)
    result = compare(gui_session, first, second)
    assert result.rmsd == pytest.approx(5.0 * np.sqrt(6 / 80))
    assert first.residues[30].critasser_distance == pytest.approx(5.0)
    assert second.residues[29].critasser_distance == 0.0
    log = gui_session.logger.text("info")
    assert "select #1/A:31-36 #2/A:31-36; view sel" in log
    assert "6 residues differ by more than 2 Å" in log


def test_models_are_compared_as_they_lie_unless_told_to_superpose(session, chain):
    coords, letters = chain
    first = opened(session, "a", coords, letters)
    second = opened(session, "b", turned(coords), letters)
    result = compare(session, first, second)
    assert result.rmsd > 10 and result.tm < 0.3
    assert result.best_tm == pytest.approx(1.0)
    assert second.scene_position == Place()
    result = compare(session, first, second, superpose=True)
    assert result.rmsd == pytest.approx(0.0, abs=1e-6)
    assert np.allclose(second.atoms.scene_coords, coords)
    assert first.scene_position == Place()


def test_models_with_other_names_and_numbers_are_aligned(session, chain):
    coords, letters = chain
    first = opened(session, "a", coords, letters)
    second = opened(session, "b", coords[10:60], letters[10:60], chain="X", first=101)
    result = compare(session, first, second)
    assert result.matched_by == "sequence"
    assert len(result.distances) == 50 and result.rmsd == 0
    assert result.residues[0] == ("A", 11) and result.others[0] == ("X", 101)
    assert first.residues[5].critasser_distance is None
    assert result.tm == pytest.approx(50 / 80)


def test_copies_of_a_chain_are_matched_with_the_nearest(session, chain):
    coords, letters = chain
    far = coords + (60.0, 0.0, 0.0)
    first = opened(session, "a", [*coords, *far], letters * 2)
    second = opened(session, "b", [*(far + 0.5), *coords], letters * 2)
    for structure, names in ((first, "AB"), (second, "CD")):
        for index, residue in enumerate(structure.residues):
            residue.chain_id = names[index // 80]
            residue.number = index % 80 + 1
    result = compare(session, first, second)
    assert set(zip([c for c, _ in result.residues], [c for c, _ in result.others])) == {
        ("A", "D"),
        ("B", "C"),
    }
    assert result.distances.max() < 1


def test_models_with_nothing_in_common_cannot_be_compared(session, chain):
    coords, _ = chain
    first = opened(session, "a", coords[:20], ["TRP"] * 20)
    second = opened(session, "b", coords[:20], ["GLY"] * 20, chain="B")
    with pytest.raises(UserError, match="too few"):
        compare(session, first, second)
    with pytest.raises(UserError, match="two atomic models, got 1"):
        compare(session, first)


def test_the_tm_score_is_the_engines(chain):
    from chimerax.critasser.models.comparison import best_tm

    from critasser.structure import tm_score

    coords, _ = chain
    rng = np.random.default_rng(5)
    for noise in (0.5, 2.0, 6.0):
        other = turned(coords + rng.normal(scale=noise, size=coords.shape))
        other[50:] += rng.normal(scale=10.0, size=3)
        ours = best_tm(other, coords, len(coords), lambda x, y: align_points(x, y)[0])
        assert ours == pytest.approx(tm_score(other, coords), abs=0.01)
