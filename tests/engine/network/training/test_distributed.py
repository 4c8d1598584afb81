"""Several processes train one network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from critasser.density import simulate, write_map
from critasser.network import read_card
from critasser.network.training.distributed import start_ranks
from critasser.structure import read_chains

ENGINE = Path(__file__).parents[4] / "src" / "engine"

PROGRAM = """
import sys
import torch
from critasser.cli import main
from critasser.network import weights
from critasser.network.unet import UNet

made = []


class SmallUNet(UNet):
    def __init__(self, **_):
        super().__init__(stem=4, channels=(8, 8), blocks=(1, 1))
        made.append(self)


torch.set_num_threads(1)
weights.ARCHITECTURES["unet"] = SmallUNet
structures, maps, run = sys.argv[1:]
status = main(["train", "network", structures, "--maps", maps, "-o", run, "--steps", "4",
               "--side", "16", "--device", "cpu", "--validate-steps", "2"])
import os
torch.save(dict(made[0].named_parameters()), f"{run}/rank{os.environ['RANK']}.pt")
sys.exit(status)
"""


def test_a_process_alone_does_not_touch_torch_distributed(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with start_ranks() as ranks:
        assert (ranks.rank, ranks.count) == (0, 1)
        network = torch.nn.Linear(1, 1)
        assert ranks.distributed(network, torch.device("cpu")) is network
        assert ranks.broadcast(3.5) == 3.5
        assert not torch.distributed.is_initialized()


@pytest.mark.slow
def test_two_processes_end_with_the_same_weights_and_one_network(tmp_path, small_chain):
    structures, run = tmp_path / "structures", tmp_path / "run"
    structures.mkdir()
    rows = [f"{small_chain}\t{split}\n" for split in ("train", "val")]
    (structures / "index.tsv").write_text("file\tsplit\n" + "".join(rows))
    pair = tmp_path / "maps" / "pair"
    pair.mkdir(parents=True)
    (pair / "meta.json").write_text('{"split": "train", "resolution_A": 4}')
    (pair / "model.pdb.gz").write_bytes(small_chain.read_bytes())
    (chain,) = read_chains(small_chain)
    grid = simulate(chain.positions, chain.amplitudes, 4.0)
    write_map(pair / "map.mrc.gz", grid)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         str(program), str(structures), str(pair.parent), str(run)],
        env=os.environ | {"PYTHONPATH": str(ENGINE), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(run / f"rank{k}.pt", weights_only=False) for k in (0, 1))
    assert first.keys() == second.keys() and len(first) > 10
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert [path.name for path in run.glob("*.safetensors")] == ["network.safetensors"]
    card = read_card(run / "network.safetensors")
    assert card["processes"] == 2 and card["steps"] == 4
    assert card["pairs"] == ["pair"]
    # Chains of two splits and maps of one, each packed by one of the processes.
    assert done.stdout.count("packed") == 3
