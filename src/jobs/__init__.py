"""Jobs of the engine: their folders, their input files, how they start, run and stop."""
