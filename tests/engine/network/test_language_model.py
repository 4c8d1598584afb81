"""Contacts come from a language model in the person's own folder, which runs no code."""

import json

import numpy as np
import pytest
import torch

from critasser.cli import main
from critasser.errors import InputError
from critasser.network.language_model import load_language_model, predict_contacts
from critasser.structure import Sequence, Target, read_contacts

VOCABULARY = (
    "<cls> <pad> <eos> <unk> L A G V S E R T I D P N Q K Y M F W H C X B U Z O . - <null_1> <mask>"
)
CPU = torch.device("cpu")
LETTERS = "MKTAYIAKQRQISFVKSHFSRQ"


@pytest.fixture(scope="module")
def transformers():
    """The library, which only this command needs."""
    return pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, transformers):
    """A small ESM-2 with random weights, as such models are published."""
    path = tmp_path_factory.mktemp("esm")
    (path / "vocab.txt").write_text("\n".join(VOCABULARY.split()))
    torch.manual_seed(0)
    config = transformers.EsmConfig(
        vocab_size=33, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=32, position_embedding_type="rotary", token_dropout=True,
        pad_token_id=1, mask_token_id=32, attn_implementation="eager",
    )  # fmt: skip
    model = transformers.EsmForMaskedLM(config)
    torch.nn.init.normal_(model.esm.contact_head.regression.weight, std=30.0)
    model.save_pretrained(path)
    transformers.EsmTokenizer(str(path / "vocab.txt")).save_pretrained(path)
    return path


def regression(transformers, folder, letters):
    """Contacts (L, L) from attention maps by the head's weights, written out."""
    model = transformers.EsmForMaskedLM.from_pretrained(folder, attn_implementation="eager").eval()
    tokens = transformers.EsmTokenizer.from_pretrained(folder)(letters, return_tensors="pt")
    with torch.no_grad():
        maps = model.esm(**tokens, output_attentions=True).attentions
    maps = torch.cat(maps, dim=1)[0, :, 1:-1, 1:-1].numpy()
    maps = maps + maps.transpose(0, 2, 1)
    along, across = maps.sum(1, keepdims=True), maps.sum(2, keepdims=True)
    maps = maps - along * across / maps.sum((1, 2), keepdims=True)
    head = model.esm.contact_head.regression
    logits = np.tensordot(head.weight[0].detach().numpy(), maps, axes=1) + head.bias.item()
    return 1 / (1 + np.exp(-logits))


def test_contacts_are_the_regression_on_attention_maps(transformers, folder):
    target = Target((Sequence("a", LETTERS, unknown=(3,)), Sequence("b", LETTERS[5:])))
    found = predict_contacts(load_language_model(folder, CPU), target)
    first = LETTERS[:3] + "X" + LETTERS[4:]
    np.testing.assert_allclose(found[:22, :22], regression(transformers, folder, first), atol=1e-4)
    second = regression(transformers, folder, LETTERS[5:])
    np.testing.assert_allclose(found[22:, 22:], second, atol=1e-4)
    assert not found[:22, 22:].any()


def test_a_long_chain_is_read_in_pieces_that_agree(folder, monkeypatch):
    model = load_language_model(folder, CPU)
    whole = model.contacts(LETTERS)
    monkeypatch.setattr("critasser.network.language_model.LONGEST", 14)
    monkeypatch.setattr("critasser.network.language_model.OVERLAP", 7)
    pieces = model.contacts(LETTERS)
    np.testing.assert_allclose(pieces[:7, :7], model.contacts(LETTERS[:14])[:7, :7], atol=1e-6)
    mean = (model.contacts(LETTERS[:14])[7:, 7:] + model.contacts(LETTERS[7:21])[:7, :7]) / 2
    np.testing.assert_allclose(pieces[7:14, 7:14], mean, atol=1e-6)
    assert whole[0, 21] and not pieces[0, 21]


def test_the_command_writes_what_builds_read(folder, tmp_path, capsys):
    (tmp_path / "s.fasta").write_text(f">twice copies=2\n{LETTERS}\n")
    out = tmp_path / "predicted.rr"
    command = ["contacts", str(tmp_path / "s.fasta"), "--language-model", str(folder),
               "-o", str(out), "--device", "cpu"]  # fmt: skip
    assert main(command) == 0
    told = read_contacts(out, 44)
    expected = predict_contacts(
        load_language_model(folder, CPU), Target(2 * (Sequence("twice", LETTERS),))
    )
    apart = np.abs(np.subtract.outer(np.arange(44), np.arange(44))) >= 6
    expected = np.where(apart & (expected >= 0.1), expected, 0.0)
    np.testing.assert_allclose(told, expected, atol=1e-4)
    assert f"{np.count_nonzero(np.triu(expected))} contacts" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["config", "huge", "pickle", "other", "vocabulary", "cut"])
def test_a_folder_that_is_no_such_model_is_refused_in_a_line(folder, tmp_path, damage, request):
    path = tmp_path / "model"
    path.mkdir()
    for file in folder.iterdir():
        (path / file.name).write_bytes(file.read_bytes())
    config = path / "config.json"
    if damage == "config":
        config.write_text("{")
    elif damage == "huge":
        layers = {"num_hidden_layers": 10_000_000}
        config.write_text(json.dumps({**json.loads(config.read_text()), **layers}))
    elif damage == "pickle":
        (path / "model.safetensors").rename(path / "pytorch_model.bin")
    elif damage == "other":
        config.write_text(json.dumps({**json.loads(config.read_text()), "model_type": "bert"}))
    elif damage == "vocabulary":
        (path / "vocab.txt").unlink()
    else:
        weights = path / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(InputError, match=str(path)) as told:
        load_language_model(path, CPU)
    assert "\n" not in str(told.value)


def test_without_the_library_it_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "s.fasta").write_text(f">a\n{LETTERS}\n")
    folder = tmp_path / "model"
    folder.mkdir()
    sizes = dict.fromkeys(("hidden_size", "intermediate_size", "num_hidden_layers"), 0)
    (folder / "config.json").write_text(json.dumps({"model_type": "esm", **sizes}))
    for name in ("vocab.txt", "model.safetensors"):
        (folder / name).touch()
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    command = ["contacts", str(tmp_path / "s.fasta"), "--language-model", str(folder), "-o", "a.rr"]
    assert main(command) == 2
    assert "pip install 'critasser[language]'" in capsys.readouterr().err
