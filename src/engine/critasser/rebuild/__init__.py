"""Which residues of a model are built again: ranges, missing residues, the plan."""
