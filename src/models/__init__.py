"""Models in the scene: groups of a job's results, values of residues, colours, regions of maps."""
