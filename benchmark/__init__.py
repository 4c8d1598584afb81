"""Make every number of docs/benchmarks.md and the README again: sets, runners and tables.

Which command makes which table: docs/benchmarks.md, "How to make the figures again". For example

    python -m benchmark.build --set experimental high --work ~/benchmark
    python -m benchmark.table --work ~/benchmark
    python -m benchmark.templates --row own bent homologue --work ~/templates
    python -m benchmark.training --side 48
    python -m benchmark.calpha --work ~/calpha
    python -m benchmark.inference
    python -m benchmark.resume --work ~/benchmark-resume
    python -m benchmark.fitting.confidence --work ~/benchmark

The data are beside the repository, in ``../shared/data`` (``--data`` names another place): single
chains with a table of splits, experimental maps with models. Networks have seen no protein by which
they are judged but those of experimental maps of group train, which have rows of their own.
"""
