"""Tell nucleic acid from protein in a map."""
