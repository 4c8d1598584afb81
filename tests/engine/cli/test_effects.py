"""No option is forgotten: each of the commands' has a test that fails if it does nothing."""

import argparse
import ast
from functools import cache
from pathlib import Path

import pytest

from critasser.cli import build, fit, rebuild, score

TESTS = Path(__file__).parents[1]

BUILD, BUILDS = "pipeline/test_build.py", "pipeline/test_build_options.py"
REBUILD, REBUILDS = "pipeline/test_rebuild.py", "pipeline/test_rebuild_options.py"
SCORE, SCORES = "pipeline/test_score.py", "pipeline/test_score_options.py"
SEARCH = "pipeline/test_template_search.py"
UNSEEN, HALVES = "pipeline/test_unseen.py", "pipeline/test_half_maps.py"
LINE = "cli/test_build.py"
RESUMED = "cli/test_resumed_options.py"

SPLIT = "pipeline/test_split_jobs.py"
AT_A_TIME = "test_models_made_at_a_time_are_those_made_one_after_another"
NO_WORKERS = "test_workers_that_cannot_be_had_are_told_before_a_folder_is_made"

FIT, FITS = "pipeline/test_fit.py", "pipeline/test_fit_options.py"

PLACED = "test_a_model_from_elsewhere_comes_to_lie_where_it_belongs_and_loses_nothing"
ALONE = "test_a_model_alone_is_written_where_asked_and_one_of_another_fold_refused"
FITTED_AGAIN = "test_a_finished_fit_resumed_does_nothing_and_with_another_option_fits_again"
ANEW = "test_what_is_given_anew_takes_the_place_of_what_the_job_had"
LOOKED = "test_a_mask_is_what_is_looked_at_and_can_be_taken_away"
FILAMENT = "test_the_symmetry_of_a_filament_is_given_and_its_units_are_copies_or_none_is_used"
LED = "test_a_template_given_to_a_finished_build_leads_it_and_is_taken_away_again"

EFFECTS = {
    build: {
        "map": (BUILD, "test_models_have_every_residue_in_the_maps_frame"),
        "sequence": (BUILDS, "test_records_of_a_fasta_file_are_chains_and_cysteines_that_meet_a_"
                     "disulfide"),
        "--output": (BUILD, "test_the_folder_tells_all_of_its_run"),
        "--resume": (BUILD, "test_a_killed_build_resumes_to_the_same_result"),
        "--mask": (BUILDS, "test_a_mask_says_where_to_build_and_can_be_taken_away"),
        "--no-mask": (BUILDS, "test_a_mask_says_where_to_build_and_can_be_taken_away"),
        "--resolution": (BUILDS, "test_the_resolution_given_is_the_one_that_is_used"),
        "--no-resolution": (RESUMED, "test_what_a_job_was_given_can_be_taken_away"),
        "--templates": (BUILDS, "test_a_template_is_placed_in_the_map_and_starts_models"),
        "--no-templates": (BUILDS, "test_templates_can_be_taken_away"),
        "--contacts": (BUILD, "test_contacts_can_be_given_to_a_finished_build_and_taken_away_"
                       "again"),
        "--no-contacts": (BUILD, "test_contacts_can_be_given_to_a_finished_build_and_taken_away_"
                          "again"),
        "--pae": (BUILD, LED),
        "--no-pae": (BUILD, LED),
        "--template-search": (SEARCH, "test_templates_are_looked_for_unless_told_not_to"),
        "--library": (SEARCH, "test_another_library_is_the_one_that_is_looked_among"),
        "--no-library": (SEARCH, "test_another_library_is_the_one_that_is_looked_among"),
        "--half-maps": (HALVES, "test_half_maps_change_what_networks_see_and_are_reported"),
        "--no-half-maps": (HALVES, "test_half_maps_can_be_taken_away"),
        "--trim": (UNSEEN, "test_the_tag_stays_in_the_model_unless_it_is_trimmed_and_comes_back"),
        "--protein": (LINE, "test_letters_of_dna_are_protein_where_that_is_said"),
        "--symmetry": (BUILDS, FILAMENT),
        "--device": (BUILDS, "test_the_device_asked_for_is_the_one_taken"),
        "--quality": (BUILDS, "test_quality_says_how_much_work_is_done"),
        "--models": (BUILD, "test_fewer_models_are_chosen_without_building_any_again"),
        "--executor": (SPLIT, AT_A_TIME),
        "--seed": (BUILDS, "test_another_seed_gives_other_decoys_from_the_same_map"),
        "--weights": (BUILDS, "test_weights_are_the_network_that_sees_the_map"),
        "--no-weights": (RESUMED, "test_what_a_job_was_given_can_be_taken_away"),
    },
    rebuild: {
        "model": (REBUILD, "test_a_stretch_is_built_again_and_all_else_stays"),
        "--output": (REBUILD, "test_a_stretch_is_built_again_and_all_else_stays"),
        "--resume": (REBUILDS, "test_another_seed_gives_other_candidates"),
        "--stretch": (REBUILDS, "test_a_stretch_is_what_moves_and_another_can_be_asked_for"),
        "--map": (REBUILDS, "test_another_map_is_the_one_that_is_looked_at"),
        "--sequence": (REBUILD, "test_missing_residues_are_filled_in_by_the_whole_sequence"),
        "--no-sequence": (REBUILDS, "test_a_whole_sequence_gives_the_residues_that_a_model_lacks_"
                          "and_can_be_taken_away"),
        "--mask": (REBUILDS, "test_a_mask_is_what_is_looked_at_and_can_be_taken_away"),
        "--no-mask": (REBUILDS, "test_a_mask_is_what_is_looked_at_and_can_be_taken_away"),
        "--resolution": (REBUILDS, "test_the_resolution_given_is_the_one_that_is_used"),
        "--no-resolution": (REBUILDS, "test_the_resolution_given_is_the_one_that_is_used"),
        "--trim": (UNSEEN, "test_a_stretch_of_the_rest_is_built_again_and_the_tag_left_out"),
        "--protein": (LINE, "test_letters_of_dna_are_protein_where_that_is_said"),
        "--device": (REBUILDS, "test_the_device_asked_for_is_the_one_taken"),
        "--quality": (REBUILDS, "test_quality_and_models_say_how_much_work_is_done"),
        "--models": (REBUILDS, "test_quality_and_models_say_how_much_work_is_done"),
        "--executor": (SPLIT, NO_WORKERS),
        "--seed": (REBUILDS, "test_another_seed_gives_other_candidates"),
        "--weights": (REBUILDS, "test_weights_are_the_network_that_sees_the_map"),
        "--no-weights": (RESUMED, "test_what_a_job_was_given_can_be_taken_away"),
    },
    score: {
        "model": (SCORE, "test_a_model_out_of_register_is_found_out"),
        "map": (SCORE, "test_a_model_is_scored_residue_by_residue_by_its_own_numbers"),
        "--output": (SCORE, "test_a_model_out_of_register_is_found_out"),
        "--resume": (SCORE, "test_a_finished_score_resumed_does_nothing_and_is_no_build"),
        "--mask": (SCORES, "test_a_mask_is_what_is_looked_at_and_can_be_taken_away"),
        "--no-mask": (SCORES, "test_a_mask_is_what_is_looked_at_and_can_be_taken_away"),
        "--resolution": (SCORES, "test_the_resolution_given_is_the_one_that_is_used"),
        "--no-resolution": (SCORES, "test_the_resolution_given_is_the_one_that_is_used"),
        "--trim": (UNSEEN, "test_a_model_with_a_tag_is_scored_without_it"),
        "--device": (SCORES, "test_the_device_asked_for_is_the_one_taken"),
        "--seed": (SCORES, "test_another_seed_compares_with_other_shuffled_sequences"),
        "--weights": (SCORES, "test_weights_are_the_network_that_sees_the_map"),
        "--no-weights": (RESUMED, "test_what_a_job_was_given_can_be_taken_away"),
    },
    fit: {
        "model": (FIT, PLACED),
        "map": (FIT, PLACED),
        "--output": (FIT, ALONE),
        "--resume": (FIT, FITTED_AGAIN),
        "--pae": (FIT, FITTED_AGAIN),
        "--no-pae": (FITS, ANEW),
        "--domains": (FITS, ANEW),
        "--rigid": (FITS, ANEW),
        "--mask": (FITS, LOOKED),
        "--no-mask": (FITS, LOOKED),
        "--resolution": (FITS, "test_the_resolution_given_is_the_one_that_is_used"),
        "--no-resolution": (FITS, "test_the_resolution_given_is_the_one_that_is_used"),
        "--symmetry": (FITS, "test_of_a_symmetric_map_the_model_is_placed_once_and_the_other_"
                       "units_are_its_copies"),
        "--device": (FITS, "test_the_device_asked_for_is_the_one_taken"),
        "--seed": (FITS, "test_another_seed_is_other_random_moves"),
        "--weights": (FITS, "test_weights_are_the_network_that_sees_the_map"),
        "--no-weights": (FITS, "test_weights_are_the_network_that_sees_the_map"),
    },
}  # fmt: skip
"""Of each argument, the test of its effect."""

INDIRECT = {"map", "sequence", "model", "--output"}
"""Arguments that a test gives by a fixture or without naming them."""


def arguments_of(command) -> set[str]:
    parser = argparse.ArgumentParser(add_help=False)
    command.add_args(parser)
    return {
        next((one for one in action.option_strings if one.startswith("--")), action.dest)
        for action in parser._actions
    }


@cache
def _tests_in(name: str) -> dict[str, str]:
    """The source of each test of a file."""
    text = (TESTS / name).read_text()
    return {
        node.name: ast.get_source_segment(text, node)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }


def source_of(file: str, test: str) -> str:
    """The source of a test and of the fixtures of its file that it uses."""
    found = _tests_in(file)
    (node,) = ast.parse(found[test]).body
    used = [found[argument.arg] for argument in node.args.args if argument.arg in found]
    return "\n".join([found[test], *used])


@pytest.mark.parametrize("command", EFFECTS, ids=lambda one: one.__name__.split(".")[-1])
def test_every_option_has_a_test_of_its_effect(command):
    assert set(EFFECTS[command]) == arguments_of(command), (
        "name the test that fails if the option does nothing"
    )


@pytest.mark.parametrize(
    ("option", "file", "test"),
    [(option, *where) for table in EFFECTS.values() for option, where in table.items()],
)
def test_the_test_of_an_option_is_there_and_gives_the_option(option, file, test):
    decorated = (TESTS / file).read_text() if file in (LINE, RESUMED) else source_of(file, test)
    assert test in _tests_in(file)
    assert option in INDIRECT or f'"{option}"' in decorated
