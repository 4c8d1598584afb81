"""The panel: what commands to run, and what jobs and models say, to look at."""
