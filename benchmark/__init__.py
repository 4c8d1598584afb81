"""The sets, the runner and the tables: how every number in the README is made again.

    python -m benchmark.build --set experimental high --work ~/benchmark
    python -m benchmark.table --work ~/benchmark
    python -m benchmark.templates --row own bent homologue --work ~/templates
    python -m benchmark.training --side 48
    python -m benchmark.calpha --work ~/calpha
    python -m benchmark.inference
    python -m benchmark.resume --work ~/benchmark-resume
    python -m benchmark.fitting.confidence --work ~/benchmark

The data are beside the repository, in ``../shared/data`` (``--data`` names another place): single
chains with a table of splits, experimental maps with models. Nothing is measured on what was
trained on.
"""
