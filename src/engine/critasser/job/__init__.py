"""The job folder: what the engine writes there, and how a run starts, stops and goes on."""
