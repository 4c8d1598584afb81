"""What workers gain is told by who did how much, and whether the results are the same."""

from types import SimpleNamespace

import numpy as np

from benchmark.cluster import busiest, same
from critasser.executors import Done


def atoms(value: float) -> tuple:
    return SimpleNamespace(positions=np.full((2, 3), value)), None


def test_the_busiest_worker_is_the_one_with_most_processor_time():
    assert busiest([Done(None, 2.0, "a:1"), Done(None, 3.0, "b:1"), Done(None, 2.0, "a:1")]) == 4.0


def test_a_last_bit_makes_results_differ():
    one, other = [Done(atoms(1.0))], [Done(atoms(np.nextafter(1.0, 2.0)))]
    assert same(one, [Done(atoms(1.0), 5.0, "a:1")])
    assert not same(one, other)
