"""What a person is told when work in a job folder ends early."""

from types import SimpleNamespace

import pytest

from critasser.cli import main
from critasser.cli.job_run import work
from critasser.errors import Cancelled, InputError
from critasser.options import Options

TASK = SimpleNamespace(checked=SimpleNamespace(notes=()), options=Options(resolution=3.0))


def pipeline(run):
    return SimpleNamespace(stages=lambda task: (), run=run)



def test_a_cancelled_run_says_how_to_go_on(tmp_path):
    def run(*_, **__):
        raise Cancelled

    folder = tmp_path / "my job"
    with pytest.raises(Cancelled, match=f"go on with: critasser build --resume '{folder}'"):
        work(pipeline(run), TASK, folder, resume=False, arguments=["build"])


def test_so_is_one_that_is_interrupted_while_it_tidies_up(tmp_path):
    def run(*_, **__):
        try:
            raise Cancelled
        finally:
            raise KeyboardInterrupt

    with pytest.raises(Cancelled, match="go on with: critasser score --resume"):
        work(pipeline(run), TASK, tmp_path / "job", resume=False, arguments=["score"])


def test_the_last_words_of_a_run_that_does_not_look_up_say_it_too(tmp_path, capfd):
    def run(*_, hard_stop, **__):
        hard_stop()

    work(pipeline(run), TASK, tmp_path / "job", resume=False, arguments=["build"])
    told = capfd.readouterr().err
    assert told == (
        "critasser build: cancelled; finished stages are kept; go on with: critasser build "
        f"--resume {tmp_path / 'job'}\n"
    )


def test_what_is_known_at_first_is_told_at_first(tmp_path, capfd):
    def run(*_, **__):
        raise InputError("later")

    checked = SimpleNamespace(notes=("DNA is left out",))
    unsure = SimpleNamespace(checked=checked, options=Options(), inputs=SimpleNamespace())
    halves = SimpleNamespace(half_maps=("a.mrc", "b.mrc"))  # The resolution is measured.
    measured = SimpleNamespace(checked=checked, options=Options(), inputs=halves)
    for task, told in ((unsure, 2), (measured, 1), (TASK, 0)):
        folder = tmp_path / str(told)
        with pytest.raises(InputError, match="later"):
            work(pipeline(run), task, folder, resume=False, arguments=["build"])
        lines = capfd.readouterr().out.splitlines()
        assert len(lines) == told
        assert any("no resolution was given" in line for line in lines) == (told == 2)
        assert any("DNA is left" in line for line in lines) == (told > 0)


@pytest.mark.parametrize("name", ["placed.pdb", "placed.cif.gz"])
def test_a_placed_model_is_not_written_in_other_formats(name, tmp_path, capsys):
    given = tmp_path / "given"
    given.touch()
    assert main(["fit", str(given), str(given), "-o", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "give a name that ends in .cif, or a folder" in told
    assert not (tmp_path / name).exists()
