"""Predict contacts within a chain from its sequence alone, by a protein language model.

The model is ESM-2 (Lin et al. 2023, Science 379, 1123), whose contact head is a regression on its
attention maps (Rao et al. 2021, ICLR). Its weights are not part of Critasser: they are read from a
folder of the person's own, without network access and without running code that lies there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError

from critasser.errors import InputError
from critasser.structure import Sequence, Target

__all__ = ["LanguageModel", "load_language_model", "predict_contacts"]

MODEL_TYPE = "esm"
FILES = ("config.json", "vocab.txt")
WEIGHTS = "*.safetensors"
LARGEST_TABLE = 1 << 20
"""Bytes of each of these files; they are far smaller."""

ATTENTION_MATRICES, BYTES = 4, 2
"""Of each layer: queries, keys, values and output; bytes of a weight at half precision. What a
description asks for beyond the weights would be made up, and fill the memory."""

CONTACT_HEAD = "contact_head"

LONGEST, OVERLAP = 1022, 511
"""Residues of a chain that are read at once, as many as in training; longer chains are read in
pieces that share so many."""

UNKNOWN = "X"

INSTALL = "pip install 'critasser[language]'"


class LanguageModel:
    """A language model that tells contacts.

    Parameters
    ----------
    model, tokenizer
        Of the library `transformers`.
    device : torch.device
    """

    def __init__(self, model: Any, tokenizer: Any, device: torch.device) -> None:
        self._model, self._tokenizer = model.to(device).eval(), tokenizer
        self._device = device

    @torch.inference_mode()
    def contacts(self, letters: str) -> NDArray[np.float64]:
        """Probabilities (L, L) that Cβ of residues are within 8 Å; letters may hold X."""
        length = len(letters)
        total, times = np.zeros((2, length, length))
        begin = 0
        while True:
            part = slice(begin, min(begin + LONGEST, length))
            total[part, part] += self._part(letters[part])
            times[part, part] += 1
            if part.stop == length:
                # No piece holds pairs that are farther apart.
                return total / np.maximum(times, 1)
            begin += LONGEST - OVERLAP

    def _part(self, letters: str) -> NDArray[np.float64]:
        tokens = self._tokenizer(letters, return_tensors="pt").to(self._device)
        found = self._model.predict_contacts(tokens["input_ids"], tokens["attention_mask"])
        return found[0].double().cpu().numpy()


def load_language_model(folder: Path, device: torch.device) -> LanguageModel:
    """Read ESM-2 from a folder with ``config.json``, ``vocab.txt`` and ``model.safetensors``.

    Raises
    ------
    InputError
        `transformers` is not installed, or the folder holds no such model.
    """
    _check(folder)
    with _quiet_library() as transformers:
        try:
            tokenizer = transformers.EsmTokenizer.from_pretrained(folder, local_files_only=True)
            model, loading = transformers.EsmForMaskedLM.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                # Contacts are told from attention maps, which faster ways of attention do not give.
                attn_implementation="eager",
                output_loading_info=True,
            )
        except (
            OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError, SafetensorError
        ) as error:  # fmt: skip
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise InputError(f"{folder}: no language model that can be read ({reason})") from error
    if any(CONTACT_HEAD in name for name in loading["missing_keys"]):
        raise InputError(
            f"{folder}: this model has no contact head; give ESM-2 as it is published for "
            "transformers"
        )
    return LanguageModel(model, tokenizer, device)


def _check(folder: Path) -> None:
    """Say in a line what a folder lacks, before the library that reads it is loaded."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no folder of a language model there")
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise InputError(f"{folder}: no {name} in it; give the whole folder of the model")
        if path.stat().st_size > LARGEST_TABLE:
            raise InputError(f"{path}: too large for what it should be; get it again")
    weights = list(folder.glob(WEIGHTS))
    if not weights:
        raise InputError(
            f"{folder}: no weights as .safetensors in it; other files may run code and are not read"
        )
    try:
        config = json.loads((folder / FILES[0]).read_text(encoding="utf-8"))
        kind, parameters = config["model_type"], _parameters(config)
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise InputError(f"{folder / FILES[0]}: not of ESM-2, or damaged; get it again") from error
    if kind != MODEL_TYPE:
        raise InputError(f"{folder}: a model of type {kind!r}; ESM-2 ({MODEL_TYPE}) can be used")
    if BYTES * parameters > sum(file.stat().st_size for file in weights):
        raise InputError(f"{folder}: its weights are fewer than config.json says; get it again")


def _parameters(config: dict[str, Any]) -> int:
    """Weights of all layers that a description asks for."""
    width, inner, layers = (
        int(config[name]) for name in ("hidden_size", "intermediate_size", "num_hidden_layers")
    )
    return layers * width * (ATTENTION_MATRICES * width + 2 * inner)


@contextmanager
def _quiet_library() -> Any:
    """The library, which reports what went wrong by errors alone."""
    try:
        import transformers
    except ImportError as error:
        raise InputError(f"language models need the library transformers: {INSTALL}") from error
    before = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield transformers
    finally:
        transformers.logging.set_verbosity(before)


def predict_contacts(
    model: LanguageModel,
    target: Target,
    *,
    progress: Callable[[str], None] = lambda line: None,
) -> NDArray[np.float64]:
    """Contacts within each chain of a target, equal chains read once.

    Parameters
    ----------
    model : LanguageModel
    target : Target
    progress : callable
        Told a line for each sequence.

    Returns
    -------
    ndarray (L, L)
        Symmetric probabilities; 0 between chains.
    """
    result = np.zeros((len(target), len(target)))
    known: dict[str, NDArray[np.float64]] = {}
    for part, sequence in zip(target.chain_slices, target.sequences):
        letters = _with_unknown(sequence)
        if letters not in known:
            progress(f"{sequence.name}: {len(letters)} residues")
            known[letters] = model.contacts(letters)
        result[part, part] = known[letters]
    return result


def _with_unknown(sequence: Sequence) -> str:
    """The letters, with X for residues that nobody knows."""
    letters = list(sequence.letters)
    for place in sequence.unknown:
        letters[place] = UNKNOWN
    return "".join(letters)
