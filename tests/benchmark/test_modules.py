"""Every module of the benchmark can be run by itself."""

import importlib
import pkgutil

import pytest

import benchmark


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.iter_modules(benchmark.__path__)]
)
def test_it_is_imported(name):
    importlib.import_module(f"benchmark.{name}")
