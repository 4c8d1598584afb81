"""The order of the stages of every kind of job, and what each reads, calls and saves."""

from critasser.pipeline.build import STAGES, STATISTICS, Build

__all__ = ["STAGES", "STATISTICS", "Build"]
