"""The stages of all kinds of jobs, one file each: what a stage reads, depends on, does and writes.

A module of a stage holds ``STAGE`` and the function that is its body. Builds use `density`,
`network`, `nucleic`, `calpha`, `weaker`, `symmetry`, `sequences`, `given_templates`,
`template_search`, `templates`, `trace`, `unseen`, `assembly`, `decoys`, `atomic`, `quality`, with
half maps `half_maps`, and `report`. Scores and rebuilds begin with `model_density`, `network`,
`nucleic` and `calpha`; a score goes on with `model_significance`, `model_quality` and
`model_report`, a rebuild with the modules ``stretch_*``. Fits use `density`, `network`, `model_fit`
and `fit_report`. The other modules are parts of stages.
"""
