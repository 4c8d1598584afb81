"""The map as stages see it."""

import numpy as np

from critasser.density import Grid, read_map, write_map
from critasser.job.folder import Job
from critasser.job.running import running
from critasser.pipeline.files import DENSITY
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.stages import density


def test_solvent_outside_a_mask_is_nothing_whatever_its_value_in_the_map(tmp_path, task):
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.02, size=(30, 30, 30))
    values[10:20, 10:20, 10:20] += 1.0
    inside = np.zeros((30, 30, 30))
    inside[8:22, 8:22, 8:22] = 1.0
    write_map(tmp_path / "mask.mrc", Grid(inside, np.zeros(3), np.ones(3)))
    found = []
    for offset in (0.0, 5.0, -5.0):
        write_map(tmp_path / "map.mrc", Grid(values + offset, np.zeros(3), np.ones(3)))
        with Job.opened(tmp_path / f"job {offset}", resume=False) as job, running(job, {}):
            run_stages(
                job, [density.STAGE], task(mask=tmp_path / "mask.mrc", resolution=3.0)
            )
            found.append(read_map(job.path(DENSITY)).values)
    assert found[0].max() > 0.9
    assert np.allclose(found[0], found[1], atol=0.05)
    assert np.allclose(found[0], found[2], atol=0.05)


def test_the_edge_of_a_soft_mask_is_kept(tmp_path, task):
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 0.01, size=(30, 30, 30))
    values[0] = 0.0
    weight = np.zeros((30, 30, 30))
    weight[8:22, 8:22, 8:22] = 0.13
    weight[8:22, 8:22, 22] = 0.6 * 0.13
    write_map(tmp_path / "mask.mrc", Grid(weight, np.zeros(3), np.ones(3)))
    values[weight == 0] = 0.0
    write_map(tmp_path / "map.mrc", Grid(values, np.zeros(3), np.ones(3)))
    with Job.opened(tmp_path / "job", resume=False) as job, running(job, {}):
        run_stages(job, [density.STAGE], task(mask=tmp_path / "mask.mrc", resolution=3.0))
        found = read_map(job.path(DENSITY))
    at = np.rint(found.to_index([[22.0, 15.0, 15.0], [15.0, 15.0, 15.0]])).astype(int)
    edge, middle = found.values[tuple(at.T)]
    assert abs(edge / middle - 0.6) < 0.05
