"""The predicted aligned error beside a predicted structure is found by its name."""

import pytest

from critasser.structure import predicted_errors


@pytest.mark.parametrize(
    ("structure", "error"),
    [
        ("AF-P00533-F1-model_v4.cif", "AF-P00533-F1-predicted_aligned_error_v4.json"),
        ("AF-P00533-F1-model_v4.pdb.gz", "AF-P00533-F1-predicted_aligned_error_v4.json.gz"),
        (
            "x_unrelaxed_rank_001_alphafold2_ptm_model_3_seed_000.pdb",
            "x_scores_rank_001_alphafold2_ptm_model_3_seed_000.json",
        ),
        (
            "x_relaxed_rank_002_alphafold2_ptm_model_1_seed_000.pdb",
            "x_scores_rank_002_alphafold2_ptm_model_1_seed_000.json",
        ),
        ("fold_my_protein_model_0.cif", "fold_my_protein_full_data_0.json"),
        ("x_model_0.cif", "pae_x_model_0.npz"),
        ("x_model_0.pdb", "pae_x_model_0.npz"),
        ("relaxed_model_1_ptm_pred_0.pdb", "pae_model_1_ptm_pred_0.json"),
        ("x_model.cif", "x_confidences.json"),
        ("7fwf_sample_0.cif", "7fwf_full_data_sample_0.json"),
        ("x_seed-1_sample-0_model.cif", "x_seed-1_sample-0_confidences.json"),
        ("model.cif", "confidences.json"),
    ],
)
def test_the_name_that_the_program_gives_is_known(tmp_path, structure, error):
    assert predicted_errors([tmp_path / structure]) == ()
    (tmp_path / error).write_text("")
    assert predicted_errors([tmp_path / structure]) == (tmp_path / error,)
    assert predicted_errors([tmp_path / "1abc.pdb", tmp_path / structure]) == (
        None, tmp_path / error,
    )  # fmt: skip


def test_another_models_error_is_not_taken(tmp_path):
    for name in (
        "AF-P1-F1-predicted_aligned_error_v4.json", "pae_x_model_1.npz", "y_confidences.json"
    ):
        (tmp_path / name).write_text("")
    structures = ("AF-P2-F1-model_v4.cif", "AF-P1-F1-model_v3.cif", "x_model_0.pdb", "x_model.cif")
    assert predicted_errors([tmp_path / name for name in structures]) == ()


def test_what_is_given_wins(tmp_path):
    (tmp_path / "AF-P1-F1-predicted_aligned_error_v4.json").write_text("")
    structure = tmp_path / "AF-P1-F1-model_v4.cif"
    assert predicted_errors([structure], [tmp_path / "mine.json"]) == (tmp_path / "mine.json",)
    assert predicted_errors([structure], [None]) == (None,)
