"""Where in a job folder each stage's results are."""

__all__ = [
    "ATOMS",
    "CALPHA",
    "CANDIDATES",
    "CENTROID",
    "CLUSTERS",
    "DECOYS",
    "DENSITY",
    "EVERY_CALPHA",
    "FEATURES",
    "FILTERED",
    "FOUND",
    "GIVEN",
    "HALVES",
    "LOCAL_RESOLUTION",
    "MODEL",
    "NUCLEIC",
    "NUCLEIC_MAP",
    "PLACES",
    "QUALITY",
    "SEEN",
    "SYMMETRY",
    "TEMPLATES",
    "TRACES",
    "UNITS",
    "UNSEEN",
    "of_model",
]

MODEL = "{model}"
"""In the name of a file of which there is one for each model; numbers count from 1."""

DENSITY = "1_calpha/density.mrc"
FILTERED = "1_calpha/filtered.mrc"
LOCAL_RESOLUTION = "1_calpha/local_resolution.mrc"
HALVES = ("1_calpha/half_1.mrc", "1_calpha/half_2.mrc")
SEEN = "1_calpha/seen.mrc"
FEATURES = "1_calpha/features.npy"
NUCLEIC = "1_calpha/nucleic_acid.npz"
NUCLEIC_MAP = "1_calpha/nucleic_acid.mrc"
CALPHA = "1_calpha/calpha.npz"
EVERY_CALPHA = "1_calpha/every_calpha.npz"
UNITS = "1_calpha/symmetry.npz"
TRACES = "2_traces/traces.npz"
SYMMETRY = "2_traces/symmetry.npz"
GIVEN = "3_templates/given.npz"
FOUND = "3_templates/library.npz"
TEMPLATES = "3_templates/templates.npz"
UNSEEN = "4_assembly/unseen.npz"
DECOYS = "4_assembly/decoys.npz"
CLUSTERS = "4_assembly/clusters.npz"
CENTROID = "4_assembly/refined_{model}.npz"
CANDIDATES = "4_assembly/candidates.npz"
ATOMS = "5_models/atoms_{model}.npz"
PLACES = "5_models/places.json"
QUALITY = "5_models/quality.npz"


def of_model(name: str, k: int) -> str:
    """The file of model k, counted from 0."""
    return name.replace(MODEL, str(k + 1))
