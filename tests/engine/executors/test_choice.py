"""A word names an executor, or is refused in a line."""

import sys

import pytest

from critasser.errors import InputError
from critasser.executors import LocalExecutor, check_executor, opened_executor

GOOD = ("local", "local:3", "dask://localhost:8786", "tls://node-1.cluster.org:8786", "slurm",
        "dask://[::1]:8786", "tcp://127.0.0.1:8786")  # fmt: skip
BAD = ("", "locale", "local:0", "local:9999", "local:-1", "dask://", "dask://host", "slurm:3",
       "dask://host:0", "dask://host:99999", "dask://a b:1", "http://host:80",
       "dask://host:80/../x")  # fmt: skip


@pytest.mark.parametrize("word", GOOD)
def test_these_name_an_executor(word):
    check_executor(word)


@pytest.mark.parametrize("word", BAD)
def test_others_are_refused(word):
    with pytest.raises(InputError, match="give local"):
        check_executor(word)


def test_the_number_of_processes_is_the_one_given():
    with opened_executor("local:3") as executor:
        assert isinstance(executor, LocalExecutor)
        assert executor.most == 3


@pytest.mark.parametrize("word", ["dask://127.0.0.1:8786", "slurm"])
def test_where_dask_is_not_installed_it_is_told_how_to(word, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = r'pip install "critasser\[cluster\]"'
    with pytest.raises(InputError, match=told), opened_executor(word):
        pass
