"""Prepare what networks are trained on: maps of EMDB and models of the PDB, checked and boxed."""
