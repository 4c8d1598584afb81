"""What the map network says of a map is asked once: jobs in the same map are told it again.

It is the costliest stage of the small jobs of tests, and what it says depends on nothing but the
map as it is seen, the networks and their settings. All that goes into it is part of the name under
which an answer is kept.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from critasser.density import FeatureMaps, read_blocks
from critasser.pipeline.stages import network
from critasser.writing import appearing


def remember(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the stage `network` keep its answers in a folder, and take from there what it has."""
    ask, choose, tell = network.predict, network.choose_bfactor, network.told_scale

    def predict(density, weights, *, file, device, progress, **settings):
        kept = folder / f"{_name(density, [weights], settings)}.npy"
        if not kept.exists():
            found = ask(density, weights, file=file, device=device, progress=progress, **settings)
            _keep(kept, file.read_bytes())
            return found
        shutil.copyfile(kept, file)
        blocks = read_blocks(file, density.shape)
        return FeatureMaps.from_blocks(density.origin, density.voxel_size, blocks)

    def choose_bfactor(density, length, weights, residue_weights, **options):
        kept = folder / f"{_name(density, [weights, residue_weights], length)}.json"
        if not kept.exists():
            found = choose(density, length, weights, residue_weights, **options)
            _keep(kept, json.dumps(found).encode())
        return json.loads(kept.read_text())

    def told_scale(density, weights, residue_weights, **options):
        kept = folder / f"{_name(density, [weights, residue_weights], 'scale')}.json"
        if not kept.exists():
            _keep(kept, json.dumps(tell(density, weights, residue_weights, **options)).encode())
        return json.loads(kept.read_text())

    patch.setattr(network, "told_scale", told_scale)
    patch.setattr(network, "predict", predict)
    patch.setattr(network, "choose_bfactor", choose_bfactor)


def _name(density, weights: list[Path], settings: object) -> str:
    grid = (density.values.shape, density.origin.tolist(), density.voxel_size.tolist())
    key = hashlib.sha256(repr((grid, settings)).encode())
    key.update(density.values.tobytes())
    for path in weights:
        key.update(path.read_bytes())
    return key.hexdigest()


def _keep(path: Path, content: bytes) -> None:
    with appearing(path) as part:
        part.write_bytes(content)
