"""Critasser: a cryo-EM map and protein sequences to atomic models with a confidence for every residue."""

__version__ = "0.1.0"
