"""Examples for the residue network are the same whoever makes them."""

import torch

from critasser.network.training.batches import CropRecipe
from critasser.network.training.packing import atoms_of, read_structure
from critasser.network.training.residue_batches import SHELLS, ExampleSource
from critasser.network.training.residue_examples import Examples


def test_examples_made_by_processes_are_those_made_here(small_chain):
    atoms = atoms_of(read_structure(small_chain))

    def drawn(workers: int) -> Examples:
        recipe = CropRecipe(SHELLS, 1, 40, 0.0, (3, 0))
        source = ExampleSource([atoms], [], recipe, device=torch.device("cpu"), workers=workers)
        try:
            return Examples.joined([source.next() for _ in range(3)])
        finally:
            source.close()

    for here, there in zip(drawn(0).tensors(), drawn(1).tensors()):
        assert torch.allclose(here.float(), there.float(), atol=1e-3)
