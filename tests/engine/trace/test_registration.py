"""Registration says how sure it is of each residue."""

import numpy as np

from critasser.trace.registration import confidence_features
from critasser.trace.significance import Significance
from critasser.trace.statistics import statistics


def test_a_residue_is_surer_the_more_the_map_tells_the_sequence():
    marginal, agreement = np.array([0.2, 0.5, 0.99]), np.array([0.2, 0.5, 1.0])
    clear, unclear = (
        confidence_features(marginal, agreement, Significance(own, np.zeros(8), 100))
        @ statistics().confidence
        for own in (2.0, 0.0)
    )
    assert (np.diff(clear) > 0).all()
    assert (clear > unclear).all()
