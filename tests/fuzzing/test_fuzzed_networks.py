"""Weights and predicted errors of any kind: read whole or refused, without running or filling."""

import gzip
import io
import json
import struct

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from critasser.fitting import read_predicted_error
from critasser.network import load_network
from critasser.network.residue.network import ResidueNetwork
from critasser.network.weights import save_network
from critasser.structure import ProteinChain
from tests.fuzzing.mutation import mutated


def small_network(folder) -> bytes:
    torch.manual_seed(0)
    save_network(folder / "net.safetensors", ResidueNetwork(8, 1), "residue", {"by": "a test"})
    return (folder / "net.safetensors").read_bytes()


NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.none())
JSON = st.recursive(
    NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner,
                                                                max_size=4),
    max_leaves=10,
)  # fmt: skip


@given(data=st.data())
def test_damaged_weights_are_loaded_or_refused(outcome, tmp_path_factory, data):
    good = small_network(tmp_path_factory.getbasetemp())
    network, line = outcome(load_network, data.draw(mutated(good)), "net.safetensors")
    assert line or isinstance(network, ResidueNetwork)


@given(data=st.data())
def test_weights_with_any_description_are_loaded_or_refused(outcome, tmp_path_factory, data):
    good = small_network(tmp_path_factory.getbasetemp())
    length = struct.unpack("<Q", good[:8])[0]
    header = json.loads(good[8 : 8 + length])
    name = data.draw(st.sampled_from(["unet", "resnet", "residue"]))
    keys = st.sampled_from(["width", "blocks", "stem", "channels", "x"])
    header["__metadata__"] = {
        "architecture": name,
        "config": json.dumps(data.draw(st.dictionaries(keys, JSON, max_size=3))),
    }
    text = json.dumps(header).encode()
    raw = struct.pack("<Q", len(text)) + text + good[8 + length :]
    outcome(load_network, raw, "net.safetensors")


FOUR = [
    ProteinChain(
        "A", "AAAA", np.arange(1, 5), ("CA",) * 4, ("C",) * 4, np.arange(4), np.zeros((4, 3)),
        np.zeros(4), ("",) * 4, (0, 1, 2, 3),
    )
]  # fmt: skip
SQUARE = np.round(np.random.default_rng(0).random((4, 4)) * 20, 1)
PAIRS = [(i + 1, j + 1) for i in range(4) for j in range(4)]
ALPHAFOLD_2 = json.dumps([{"predicted_aligned_error": SQUARE.tolist(), "max": 31.75}]).encode()
FIRST_LAYOUT = json.dumps([{
    "residue1": [i for i, _ in PAIRS], "residue2": [j for _, j in PAIRS],
    "distance": SQUARE.ravel().tolist(),
}]).encode()  # fmt: skip
ALPHAFOLD_3 = json.dumps({
    "pae": SQUARE.tolist(), "token_res_ids": [1, 2, 3, 4], "token_chain_ids": list("AAAA"),
}).encode()  # fmt: skip


def boltz() -> bytes:
    file = io.BytesIO()
    np.savez(file, pae=SQUARE)
    return file.getvalue()


ERRORS = (ALPHAFOLD_2, FIRST_LAYOUT, ALPHAFOLD_3)


@given(mutated(*ERRORS, boltz(), gzip.compress(ALPHAFOLD_3)),
       st.sampled_from((".json", ".json.gz", ".npz")))  # fmt: skip
def test_a_damaged_predicted_error_is_read_or_refused(outcome, content, suffix):
    table, line = outcome(lambda path: read_predicted_error(path, FOUR), content, f"pae{suffix}")
    assert line or (table.shape == (4, 4) and np.isfinite(table).all())


@given(st.dictionaries(
    st.sampled_from(["pae", "predicted_aligned_error", "distance", "residue1", "residue2",
                     "token_res_ids", "token_chain_ids"]), JSON, max_size=5))  # fmt: skip
def test_any_table_of_predicted_errors_is_read_or_refused(outcome, content):
    raw = json.dumps(content).encode()
    table, line = outcome(lambda path: read_predicted_error(path, FOUR), raw, "pae.json")
    assert line or table.shape == (4, 4)
