"""Stages of a job in words."""

from __future__ import annotations

__all__ = ["TITLES", "title_of"]

TITLES = {
    "density": "Cut out the molecule",
    "network": "Run the neural network",
    "nucleic": "Look for nucleic acid",
    "calpha": "Find Cα atoms",
    "weaker": "Look at weaker Cα positions",
    "symmetry": "Find the symmetry",
    "sequences": "Test each sequence",
    "given_templates": "Place given templates",
    "template_search": "Look for known folds",
    "templates": "Place templates",
    "trace": "Trace chains",
    "unseen": "Find residues without density",
    "assembly": "Assemble the fold",
    "decoys": "Choose among the decoys",
    "atomic": "Build all atoms",
    "quality": "Estimate the confidence",
    "report": "Write the report",
}
"""Stages in their order, in words."""

_OTHER_TITLES = {"evidence": "Test the sequence", "fit": "Place the model"}
"""Of stages that only some jobs have."""


def title_of(stage: str) -> str:
    """A stage in words; one that is not known by its own name, none as none."""
    known = TITLES.get(stage) or _OTHER_TITLES.get(stage)
    return known or stage.replace("_", " ").capitalize()
