"""The order of the stages of every kind of job, and what each reads, calls and saves."""

from critasser.pipeline.build import STAGES, STATISTICS, Build
from critasser.pipeline.score import SCORE_STAGES, Score

__all__ = ["SCORE_STAGES", "STAGES", "STATISTICS", "Build", "Score"]
