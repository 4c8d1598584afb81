"""The stages of all kinds of jobs, one file each: what a stage reads, depends on, does and writes.

A module holds ``STAGE`` and the function that is its body. Builds use `density`, `network`,
`nucleic`, `calpha`, `weaker`, `sequences`, `templates`, `trace`, `unseen`, `assembly`, `decoys`,
`atomic`, `quality`, `report`. Jobs about a model that is there already use `model_density` and, to
score it, `model_significance`, `model_quality` and `model_report`; to build stretches of it again,
the modules ``stretch_*``.
"""
