"""The Python environment in which the engine runs: made, found, tested, removed."""
