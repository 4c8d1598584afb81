"""Windows: what to run, and what jobs, models and regions say; they only build commands."""
