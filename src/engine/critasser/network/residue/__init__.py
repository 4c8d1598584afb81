"""Read each Cα position in its own frame by the residue network."""
