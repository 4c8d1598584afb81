"""What a person is told when work in a job folder ends early."""

from types import SimpleNamespace

import pytest

from critasser.cli import main
from critasser.cli.job_run import work
from critasser.errors import Cancelled


def test_a_cancelled_run_says_how_to_go_on(tmp_path):
    def run(*_, **__):
        raise Cancelled

    pipeline = SimpleNamespace(stages=lambda task: (), run=run)
    folder = tmp_path / "my job"
    with pytest.raises(Cancelled, match=f"go on with: critasser build --resume '{folder}'"):
        work(pipeline, None, folder, resume=False, arguments=["build"])


@pytest.mark.parametrize("name", ["placed.pdb", "placed.cif.gz"])
def test_a_placed_model_is_not_written_in_other_formats(name, tmp_path, capsys):
    given = tmp_path / "given"
    given.touch()
    assert main(["fit", str(given), str(given), "-o", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "give a name that ends in .cif, or a folder" in told
    assert not (tmp_path / name).exists()
