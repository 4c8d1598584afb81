"""Where in a job folder each stage's results are."""

__all__ = [
    "CALPHA",
    "CANDIDATES",
    "CLUSTERS",
    "DECOYS",
    "DENSITY",
    "FEATURES",
    "QUALITY",
    "SEEN",
    "SYMMETRY",
    "TEMPLATES",
    "TRACES",
    "atoms_file",
    "centroid_file",
]

DENSITY = "1_calpha/density.mrc"
SEEN = "1_calpha/seen.mrc"
FEATURES = "1_calpha/features.npy"
CALPHA = "1_calpha/calpha.npz"
TRACES = "2_traces/traces.npz"
SYMMETRY = "2_traces/symmetry.npz"
TEMPLATES = "3_templates/templates.npz"
DECOYS = "4_assembly/decoys.npz"
CLUSTERS = "4_assembly/clusters.npz"
CANDIDATES = "4_assembly/candidates.npz"
QUALITY = "5_models/quality.npz"


def centroid_file(k: int) -> str:
    """Where the refined centroid k, counted from 0, is."""
    return f"4_assembly/refined_{k + 1}.npz"


def atoms_file(k: int) -> str:
    """Where the atoms made from centroid k are."""
    return f"5_models/atoms_{k + 1}.npz"
