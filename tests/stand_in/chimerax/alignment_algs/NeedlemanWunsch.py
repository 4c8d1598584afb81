"""A stand-in, not ChimeraX: see ../../README.md. Pairs of equal letters in the same order."""  # noqa: N999, ChimeraX's own name

from difflib import SequenceMatcher


def nw(first, second):
    """A score, and pairs of positions from the last one on."""
    matcher = SequenceMatcher(None, first.characters, second.characters, autojunk=False)
    pairs = [(a + k, b + k) for a, b, size in matcher.get_matching_blocks() for k in range(size)]
    return float(len(pairs)), pairs[::-1]
