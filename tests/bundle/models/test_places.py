"""Places are looked at from near, one after another, and in the end all is as it was."""

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.errors import UserError
from chimerax.core.state import State
from chimerax.geometry import Place as Position


@pytest.fixture
def model(session):
    """A helix of 14 residues, some of them unsure."""
    values = [90, 20, 30, 90, 90, 90, 10, None, 90, 90, 45, 90, 45, 80]
    structure = AtomicStructure("model", session)
    turn = np.radians(100.0 * np.arange(14))
    coords = np.column_stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(14)])
    structure.residues = Chain(
        Residue("A", n + 1, 0.0, "ALA", coord, structure) for n, coord in enumerate(coords)
    )
    for residue, value in zip(structure.residues, values):
        residue.critasser_confidence = value
        residue.atom.name = "CB"
    session.models.add([structure])
    return structure


Chain = type(AtomicStructure("", None).atoms.residues)


@pytest.fixture
def volume(session, open_volume):
    """Density around the whole helix, in a map that has been moved with it."""
    _, y, x = np.mgrid[:40, :20, :20]
    values = np.exp(-((x - 10) ** 2 + (y - 10) ** 2) / 30.0)
    made = open_volume(session, values=values, origin=(-10, -10, -5), step=(1, 1, 1))
    made.minimum_surface_level = 0.3
    return made


def go(session, step="next", **keywords):
    from chimerax.critasser.commands import confidence_end, confidence_next, confidence_previous

    module = {"next": confidence_next, "previous": confidence_previous, "end": confidence_end}[step]
    return module.command(session, **keywords)


def meshes(session):
    return [m for m in session.models.list() if m.name == "density at the place"]


def test_places_go_from_the_least_certain_on_and_round(session, model):
    places = [str(go(session)) for _ in range(4)]
    assert places == [
        "A 7, confidence 10",
        "A 2–3, confidence 25",
        "A 11–13, confidence 45",
        "A 7, confidence 10",
    ]
    assert str(go(session, "previous")) == "A 11–13, confidence 45"
    assert "A 11–13, confidence 45 (3 of 3)" in session.logger.text("status")
    with pytest.raises(UserError, match="below 5"):
        go(session, below=5.0)


def test_two_chains_of_one_name_do_not_share_a_place(session):
    structure = AtomicStructure("twice", session)
    structure.residues = Chain(
        Residue("A", n, 0.0, "ALA", (3.8 * k, 0, 0), structure)
        for k, n in enumerate((1, 2, 3, 1, 2, 3))
    )
    for residue, value in zip(structure.residues, (90, 90, 10, 20, 90, 90)):
        residue.critasser_confidence = value
    session.models.add([structure])
    assert [str(go(session)) for _ in range(2)] == ["A 3, confidence 10", "A 1, confidence 20"]


def test_atoms_are_sticks_at_the_place_and_as_before_at_the_next(session, model):
    model.residues[13].atom.display = True
    go(session)
    assert model.atoms.displays[:13].all() and set(model.atoms.draw_modes[1:12]) == {2}
    assert not model.residues[6].ribbon_display
    go(session, "end")
    assert model.atoms.displays.tolist() == [False] * 13 + [True]
    assert not model.atoms.draw_modes.any() and model.residues.ribbon_displays.all()
    assert session.main_view.camera.position == "as it was"


def test_nothing_is_drawn_before_the_place_until_the_end(session, model):
    planes = session.main_view.clip_planes
    planes.set_clip_position("far", (1.0, 2.0, 3.0), session.main_view)
    go(session)
    (near,) = [one for one in planes.planes() if one.name == "near"]
    # Seen from above: the plane lies over all that is shown at the place.
    assert near.point[2] > model.atoms.scene_coords[:, 2].max()
    go(session)
    go(session, "end")
    assert [one.name for one in planes.planes()] == ["far"]


def test_nothing_is_cut_off_in_a_new_session(session, model):
    from chimerax.critasser.models.places import places_of

    go(session)
    places_of(session).reset_state(session)
    assert not session.main_view.clip_planes.planes()


def test_all_is_as_it_was_once_the_model_is_closed(session, model, volume):
    from chimerax.critasser.models.places import places_of

    go(session)
    session.models.close([model])
    assert not session.main_view.clip_planes.planes() and not meshes(session)
    assert volume.display and places_of(session).at is None


def test_a_trace_of_calpha_stays_a_ribbon(session, model):
    for residue in model.residues:
        residue.atom.name = "CA"
    go(session)
    assert not model.atoms.displays.any() and model.residues.ribbon_displays.all()


def test_density_is_a_mesh_of_its_own_near_the_place_and_the_map_comes_back(
    session, model, volume
):
    moved = Position([[0, -1, 0, 30], [1, 0, 0, 4], [0, 0, 1, -7]])
    volume.scene_position = model.scene_position = moved
    go(session, below=15.0)  # residue 7; 1 to 13 are in view
    (mesh,) = meshes(session)
    assert not volume.display and mesh.display_style == mesh.Mesh
    assert mesh.scene_position == moved
    around = np.array([r.atom.coord for r in model.residues[:13]])
    near = np.linalg.norm(mesh.vertices[:, None] - around, axis=2).min(axis=1)
    assert near.max() < 7.1 and len(mesh.vertices) > 100
    assert ((mesh.vertices[:, :2] ** 2).sum(axis=1) > 25).any()  # not the atoms' own places only
    go(session, below=15.0)
    assert len(meshes(session)) == 1 and meshes(session) != [mesh]
    go(session, "end")
    assert volume.display and not meshes(session)


def test_the_whole_map_stays_where_no_zone_is_wanted_and_where_there_is_no_density(
    session, model, volume
):
    go(session, zone=False)
    assert volume.display and not meshes(session)
    volume.scene_position = Position([[1, 0, 0, 500], [0, 1, 0, 0], [0, 0, 1, 0]])
    go(session)
    assert volume.display and not meshes(session)


def test_density_ends_in_round_caps():
    from chimerax.critasser.models.local_density import faded

    values = np.array([-1.0, 5.0, 5.0, 5.0, 5.0])
    distances = np.array([0.0, 4.0, 5.5, 7.0, np.inf])
    assert faded(values, distances, 4.0, 3.0).tolist() == [-1.0, 5.0, 2.0, -1.0, -1.0]


def test_the_fit_of_each_residue_is_told(gui_session, model, volume, session):
    from chimerax.critasser.models.close_view import fit_in_words

    residue = model.residues[6]
    residue.critasser_local_pcc = 0.61
    volume.data._values[:] = 0.45
    assert fit_in_words(residue, volume) == "conf 10, fit 0.61, density 1.5 × level"
    residue.critasser_local_pcc = residue.critasser_confidence = None
    assert fit_in_words(residue, None) == ""


def test_residues_are_labelled_by_their_fit_unless_there_are_labels_already(session, model):
    from chimerax.label.label3d import LABELS

    session.ui.is_gui = True
    model.residues[6].critasser_local_pcc = 0.61
    go(session)
    assert LABELS == {7: "ALA 7: conf 10, fit 0.61"}
    go(session)
    assert set(LABELS) == {2, 3}
    go(session, "end")
    assert not LABELS
    model.labels_model = object()
    go(session)
    assert not LABELS


def test_a_session_keeps_the_place_and_what_the_end_puts_back(session, model, volume):
    from chimerax.critasser import bundle_api
    from chimerax.critasser.models.places import places_of

    go(session)
    data = places_of(session).take_snapshot(session, State.SESSION)
    for name in ("PlaceTour", "UncertainRegions", "Places"):
        restored = bundle_api.get_class(name).restore_snapshot(session, data)
    session.add_state_manager("critasser places", restored)
    assert str(go(session)) == "A 2–3, confidence 25"
    go(session, "end")
    assert volume.display and not meshes(session)
    assert model.residues.ribbon_displays.all() and not model.atoms.displays.any()


def test_a_place_of_an_earlier_version_leaves_no_map_cut(session, model, volume):
    from types import SimpleNamespace

    from chimerax.critasser import bundle_api

    cut = SimpleNamespace(auto_remask_triangles=1, triangle_mask=[True, False])
    volume.surfaces = [cut]
    data = {"version": 1, "at": ((1,), "A", 7), "volume": volume, "hidden": False}
    restored = bundle_api.get_class("Places").restore_snapshot(session, data)
    assert cut.triangle_mask is None and cut.auto_remask_triangles is None
    restored.end()
    assert volume.display
