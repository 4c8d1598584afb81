"""A library of known folds goes to the engine as a file of the job, and can be changed."""

import shlex
import sys

import numpy as np
import pytest
from chimerax.atomic import Sequence
from chimerax.core.errors import UserError

LETTERS = "AALEKAALEK"


@pytest.fixture
def located(session, fake_engine):
    from chimerax.critasser.commands import location

    location.command(session, sys.executable)
    return fake_engine


def build(session, volume, **keywords):
    from chimerax.critasser.commands import build as module

    return module.command(session, volume, [Sequence("x", LETTERS)], **keywords)


def resume(session, *arguments, **keywords):
    from chimerax.critasser.commands import resume as module

    return module.command(session, *arguments, **keywords)


def words(job):
    return shlex.split((job.folder / "command").read_text())


def folds(path, count=1):
    """A file with the arrays of a library."""
    some = np.zeros(count)
    np.savez(path, names=some, ends=some, codes=some, steps=some, structure=some, side=some,
             back=some)  # fmt: skip
    return path


def test_a_library_is_copied_into_the_job_and_named_to_the_engine(
    session, open_volume, located, tmp_path
):
    path = folds(tmp_path / "own.npz")
    job = build(session, open_volume(session), library=str(path))
    copied = job.folder / "inputs/library.npz"
    assert words(job)[words(job).index("--library") + 1] == str(copied)
    assert copied.read_bytes() == path.read_bytes()

    folds(path, 7)
    again = words(resume(session, job.folder, library=str(path)))
    copied = job.folder / "inputs/run_2/library.npz"
    assert again[again.index("--library") + 1] == str(copied)
    assert copied.read_bytes() == path.read_bytes()

    without = words(resume(session, job.folder, without=["library"]))
    assert "--no-library" in without and "--library" not in without
    from chimerax.critasser.jobs.deletion import files_of_job

    assert files_of_job(job.folder)[1] == []


def test_what_is_no_library_is_refused_before_a_job_is_made(
    session, open_volume, located, tmp_path
):
    volume = open_volume(session)
    path = tmp_path / "own.npz"
    with pytest.raises(UserError, match="cannot be read"):
        build(session, volume, library=str(path))
    path.write_text("AALEK")
    with pytest.raises(UserError, match="no template library; make one"):
        build(session, volume, library=str(path))
    np.savez(path, names=np.zeros(3))
    with pytest.raises(UserError, match="no template library; make one"):
        build(session, volume, library=str(path))
    assert not list(tmp_path.glob("home/critasser/*"))


def test_a_library_that_would_not_be_looked_into_is_refused(
    session, open_volume, located, tmp_path
):
    path = str(folds(tmp_path / "own.npz"))
    with pytest.raises(UserError, match="templates none looks in no library"):
        build(session, open_volume(session), library=path, templates="none")
    job = build(session, open_volume(session))
    with pytest.raises(UserError, match="templates none looks in no library"):
        resume(session, job.folder, library=path, templates="none")
    with pytest.raises(UserError, match="give library, or go on without, not both"):
        resume(session, job.folder, library=path, without=["library"])
