"""The residue network: reads each Cα position in its own frame."""
