"""What a job shows: traces, templates and models in the map's place."""
