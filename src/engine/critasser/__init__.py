"""Critasser: a cryo-EM map and protein sequences to atomic models with confidences."""

__version__ = "0.1.0"
