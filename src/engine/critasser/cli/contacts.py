"""Predict contacts from sequences by a protein language model that you have, for ``build``.

examples:
  critasser contacts sequence.fasta --language-model esm2_t33_650M_UR50D/ -o predicted.rr
  critasser build map.mrc sequence.fasta -o job --contacts predicted.rr

The folder is one of ESM-2 as it is published for the library transformers: config.json, vocab.txt
and model.safetensors. Nothing is downloaded. `pip install 'critasser[language]'` installs the
library.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from critasser.errors import InputError
from critasser.text import printable

__all__ = ["add_args", "main"]

LEAST = 0.1
"""Probability below which a contact is not written."""

FEWEST_APART = 6
"""Residues along the chain from which ESM-2 has learnt to tell contacts."""


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("sequence", type=Path, metavar="SEQUENCE", help="FASTA file, as for build")
    parser.add_argument(
        "--language-model", type=Path, required=True, metavar="FOLDER",
        help="ESM-2 as published for the library transformers",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE",
        help="contacts to write (CASP RR format)",
    )  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--protein", action="store_true", help="take sequences of A, C, G and T for protein"
    )


def main(args: argparse.Namespace) -> int:
    """Predict."""
    from critasser.network.device import choose_device
    from critasser.network.language_model import load_language_model, predict_contacts
    from critasser.structure import read_sequences, write_contacts

    if not args.output.resolve().parent.is_dir():
        raise InputError(f"{args.output}: its folder does not exist; make it first")
    given = read_sequences(args.sequence, protein=args.protein)
    for note in given.notes:
        print(printable(note), file=sys.stderr)
    model = load_language_model(args.language_model, choose_device(args.device))
    contacts = predict_contacts(model, given.target, progress=lambda line: print(printable(line)))
    count = write_contacts(args.output, contacts, least=LEAST, fewest_apart=FEWEST_APART)
    if not count:
        raise InputError(
            f"{args.sequence}: no pair of residues is in contact with a probability of {LEAST:g} "
            "or more; nothing is written"
        )
    print(printable(f"{args.output}: {count} contacts of {LEAST:g} or more"))
    return 0
