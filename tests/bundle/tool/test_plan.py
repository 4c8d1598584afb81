"""What is set in the panel becomes a command, the same that a person would type."""

from dataclasses import replace
from pathlib import Path

import pytest
from chimerax.critasser.jobs.sequences import Entry
from chimerax.critasser.tool.plan import Plan, build_command, obstacle, paths_in, text_of

HELIX = Entry("helix", "AALEKAALEKAALEK")
LONG = Entry("vp6", "AALEKAALEK" * 30, 3)
PLAN = Plan(map_spec="#1", entries=(HELIX,))
FOLDER = Path("/home/me/critasser/sequences")


def test_what_the_command_does_anyway_is_not_in_it():
    assert build_command(PLAN, FOLDER) == "critasser build #1 sequence AALEKAALEKAALEK"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a.json; b c.npz", ["a.json", "b c.npz"]),
        ('"a;b.json"; c.json', ["a;b.json", "c.json"]),
        ('c.json;"a; b.json"', ["c.json", "a; b.json"]),
        (" ; a.json;;", ["a.json"]),
        ("", []),
    ],
)
def test_paths_in_a_line_are_parted_by_semicolons_outside_quotes(text, paths):
    assert paths_in(text) == tuple(map(Path, paths))
    assert paths_in(text_of(paths)) == paths_in(text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"place": "segments"}, "segments sel"),
        ({"place": "near"}, "near sel"),
        ({"place": "near", "distance": 6.5}, "near sel range 6.5"),
        ({"place": "mask", "mask_spec": "#2"}, "mask #2"),
        ({"templates_spec": "#3,4"}, "templates #3,4"),
        ({"contacts": "/data/my map.rr"}, 'contacts "/data/my map.rr"'),
        ({"library": "/data/my folds.npz"}, 'library "/data/my folds.npz"'),
        ({"resolution": 3.8}, "resolution 3.8"),
        ({"quality": "draft", "device": "gpu"}, "quality draft device gpu"),
        ({"models": 3, "seed": 7}, "models 3 seed 7"),
        ({"trim": True}, "trim true"),
        ({"protein": True}, "protein true"),
        ({"symmetry": "helical:27.6,-166.5"}, "symmetry helical:27.6,-166.5"),
        ({"half_maps": ("#2", "#3.1")}, "halfMaps #2#3.1"),
        ({"templates_spec": "#3", "chosen": 1, "pae": (Path("/data/a b.json"),)},
         'templates #3 pae "/data/a b.json"'),
        ({"templates_spec": "#3,4", "chosen": 2, "pae": (Path("/a,b.npz"), Path("/c.json"))},
         'templates #3,4 pae "/a,b.npz",/c.json'),
        ({"folder": "/data/my job"}, 'folder "/data/my job"'),
    ],
)
def test_every_choice_has_its_words(change, words):
    command = build_command(replace(PLAN, **change), FOLDER)
    assert command == f"critasser build #1 sequence AALEKAALEKAALEK {words}"


def test_sequences_go_as_letters_or_as_a_file_of_ours_or_as_the_persons_own():
    assert f" {FOLDER}/vp6_" in build_command(replace(PLAN, entries=(LONG,)), FOLDER)
    own = replace(PLAN, entries=(LONG,), fasta=Path("/data/a b.fasta"))
    assert build_command(own, FOLDER) == 'critasser build #1 sequence "/data/a b.fasta"'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"map_spec": ""}, "Open a map"),
        ({"entries": ()}, "Add the sequence"),
        ({"entries": (HELIX, Entry("b", "AABK"))}, "Mend the sequence “b”"),
        ({"place": "mask"}, "Choose the map that is the mask"),
        ({"place": "mask", "mask_spec": "#1"}, "the map itself"),
        ({"place": "mask", "mask_spec": "#2"}, ""),
        ({"place": "near"}, "Select the atoms"),
        ({"symmetry": "C4x"}, "The symmetry 'C4x': give auto, none or one such as C4"),
        ({"symmetry": "C4"}, ""),
        ({"half_maps": ("#2",)}, "Choose both half maps"),
        ({"half_maps": ("#2", "#1")}, "A half map is the map itself"),
        ({"half_maps": ("#2", "#2")}, "The two half maps are one map"),
        ({"half_maps": ("#2", "#3")}, ""),
        ({"pae": (Path("/a.json"),)}, "Choose the template that the predicted error is of"),
        ({"templates_spec": "#3,4", "chosen": 2, "pae": (Path("/a.json"),)}, "each of the 2"),
        ({"templates_spec": "#3", "chosen": 1, "pae": (Path("/a'.json"),)}, "has quotes"),
        ({"entries": (Entry("alanines", "AAAAAAAAAAAA"),)}, "Mend the sequence"),
        ({"entries": (Entry("alanines", "AAAAAAAAAAAA"),), "protein": True}, ""),
    ],
)
def test_what_is_missing_is_told_as_something_to_do(change, said):
    told = obstacle(replace(PLAN, **change), selected_atoms=False)
    assert said in told and bool(told) == bool(said)


def test_the_keywords_are_those_of_the_command():
    from chimerax.core.commands import REGISTERED
    from chimerax.critasser.commands import register_command

    register_command("critasser build", None)
    description, _ = REGISTERED["critasser build"]
    known = {*description.required, *description.optional, *description.keyword}
    assert {"sequence", "near", "range", "mask", "templates", "contacts", "resolution",
            "quality", "device", "models", "seed", "trim", "folder"} <= known  # fmt: skip


def test_known_structures_are_looked_for_where_none_are_chosen(tmp_path):
    from chimerax.critasser.tool.plan import Plan, build_command

    entry = plan_entry()
    looked = Plan(map_spec="#1", entries=(entry,), known="auto")
    assert build_command(looked, tmp_path).endswith(" templates auto")
    chosen = Plan(map_spec="#1", entries=(entry,), known="auto", templates_spec="#3,4")
    assert build_command(chosen, tmp_path).endswith(" templates #3,4")
    path = tmp_path / "a b.cif"
    files = Plan(map_spec="#1", entries=(entry,), templates_spec="#3", templates_files=(path,))
    assert build_command(files, tmp_path).endswith(f' templates "#3,{path}"')


def test_a_library_that_would_not_be_looked_into_is_an_obstacle():
    plan = replace(PLAN, library="/data/folds.npz", known="none")
    assert "Known folds are not looked for" in obstacle(plan)
    assert not obstacle(replace(plan, known="local"))
    # Nothing was ticked off but what is used: the engine looks all the same.
    assert not obstacle(replace(plan, templates_files=(Path("/data/a.cif"),)))


def plan_entry():
    from chimerax.critasser.jobs.sequences import Entry

    return Entry("helix", "AALEKAALEKAALEK")
