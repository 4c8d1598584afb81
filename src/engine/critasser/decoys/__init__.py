"""Find the conformations that the sampling visits most: clusters of decoys."""

from critasser.decoys.clustering import Clusters, cluster

__all__ = ["Clusters", "cluster"]
