"""Local frames make residues alike, whichever way a map is turned."""

import numpy as np
import torch

from critasser.network.residue.frames import local_frames, sample_balls
from critasser.network.rotations import signed_permutations


def test_a_ball_looks_the_same_from_every_side():
    rng = np.random.default_rng(0)
    cube = torch.as_tensor(rng.normal(size=(31, 31, 31)), dtype=torch.float32)
    points = torch.as_tensor(rng.normal(scale=3.0, size=(3, 3)), dtype=torch.float32)
    middle = 15.0
    for matrix in signed_permutations()[:12]:
        turn = torch.as_tensor(matrix, dtype=torch.float32)
        index = np.stack(np.meshgrid(*[np.arange(31) - 15] * 3, indexing="ij"), -1)
        # The turned map holds at R x what the map holds at x; arrays are z y x.
        source = (index[..., ::-1] @ matrix + 15).round().astype(int)
        turned = cube[source[..., 2], source[..., 1], source[..., 0]]
        one, other = (
            sample_balls(volume, p[1:2] + middle, local_frames(p[:1], p[1:2], p[2:]), 1.0)
            for volume, p in ((cube, points), (turned, points @ turn.T))
        )
        assert torch.allclose(one, other, atol=1e-3)


def test_frames_are_right_handed_also_on_a_straight_line():
    before = torch.tensor([[0.0, 0, 0], [0, 0, 0]])
    middle = torch.tensor([[3.0, 2, 0], [3.8, 0, 0]])
    after = torch.tensor([[6.0, 0, 0], [7.6, 0, 0]])
    frames = local_frames(before, middle, after)
    assert torch.allclose(frames @ frames.transpose(1, 2), torch.eye(3).expand(2, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(frames), torch.ones(2), atol=1e-5)
    assert torch.allclose(frames[0, 1], torch.tensor([0.0, 1.0, 0.0]), atol=1e-5)
