"""Every module of the benchmark can be run by itself."""

import importlib
import pkgutil

import pytest

import benchmark


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.walk_packages(benchmark.__path__, "benchmark.")]
)
def test_it_is_imported(name):
    importlib.import_module(name)
