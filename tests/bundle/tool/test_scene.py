"""The panel without a window: the door, sessions, what it asks of models."""

from types import SimpleNamespace

from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.commands import LOGGED, RUN
from chimerax.core.models import Model
from chimerax.critasser.models.job_group import JobGroup, mark_file
from chimerax.critasser.tool import scene
from chimerax.critasser.tool.scene import (
    has_confidence,
    less_sure_command,
    only_commands,
    select_stretch,
)


def structure(*values):
    residues = [SimpleNamespace(critasser_confidence=value) for value in values]
    return SimpleNamespace(residues=residues, atomspec="#3.1", display=True)


def test_a_structure_has_confidences_when_some_residues_have(session):
    assert has_confidence(structure(None, 40.0))
    assert not has_confidence(structure(None, None))
    assert not has_confidence(SimpleNamespace(residues=[]))


def test_huge_structures_are_asked_at_a_few_places_only():
    asked = []

    class Residues:
        def __len__(self):
            return 100_000

        def __getitem__(self, index):
            asked.append(index)
            return SimpleNamespace()

    assert not has_confidence(SimpleNamespace(residues=Residues()))
    assert len(asked) <= 2 * scene._LOOKS


def test_models_are_found_by_the_file_that_they_were_read_from(session, tmp_path):
    path = tmp_path / "5_models/model_1.cif"
    path.parent.mkdir()
    path.touch()
    group = JobGroup(session, "job", tmp_path)
    shown, typed, other = (Model(name, session) for name in ("shown", "typed", "other"))
    mark_file(shown, "5_models/model_1.cif", "models", 1)
    typed.filename = str(tmp_path / "." / "5_models" / "model_1.cif")
    session.models.add([group, other, typed])
    assert scene.models_of_files(session, [path]) == {path: typed}
    session.models.close([typed])
    session.models.add([shown], parent=group)
    assert scene.models_of_files(session, [path, None]) == {path: shown}


def test_one_model_is_shown_and_the_others_that_are_displayed_hidden():
    first, second, third = (SimpleNamespace(atomspec=f"#3.{n}", display=n != 3) for n in (1, 2, 3))
    assert only_commands([second], [first, second, third]) == [
        "hide #3.1 models", "show #3.2 models", "view #3.2"
    ]  # fmt: skip


def test_less_sure_residues_are_selected_by_a_command():
    assert less_sure_command(structure(), 50.0) == "select #3.1::critasser_confidence<50"


def test_residues_that_are_dragged_over_are_selected_and_a_clicked_one_is_looked_at(session):
    model = AtomicStructure("model", session)
    model.residues = [Residue(c, n, 0.0, structure=model) for c in "AB" for n in range(5, 9)]
    session.models.add([model])

    def selected():
        chosen = [atom.residue for atom in model.atoms if atom.selected]
        return [(residue.chain_id, residue.number) for residue in chosen]

    select_stretch(session, model.chains[1], 1, 2)
    assert selected() == [("B", 6), ("B", 7)] and not RUN
    select_stretch(session, model.chains[0], 0, 0, add=True)
    assert selected() == [("A", 5), ("B", 6), ("B", 7)]
    assert RUN == ["view sel :<8"]
    assert LOGGED == ["select #1/B:6-7", "select add #1/A:5"]
