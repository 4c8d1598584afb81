"""Counting gives tables."""

import numpy as np

from critasser.assembly.learning import learn
from critasser.assembly.statistics import SHAPES


def test_learning_gives_every_table_in_its_shape(barnase, small):
    tables = learn([barnase.chain, small.chain])
    assert {name: table.shape for name, table in tables.items()} == SHAPES
    assert all(np.isfinite(table).all() for table in tables.values())
    for name in ("distance13", "distance14", "distance15", "background"):
        np.testing.assert_allclose(tables[name].sum(axis=-1), 1.0, rtol=1e-4)
