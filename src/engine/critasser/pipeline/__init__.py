"""The order of the stages of every kind of job, and what each reads, calls and saves."""

from critasser.pipeline.build import STAGES, STATISTICS, Build
from critasser.pipeline.rebuild import REBUILD_STAGES, Rebuild
from critasser.pipeline.score import SCORE_STAGES, Score

__all__ = ["REBUILD_STAGES", "SCORE_STAGES", "STAGES", "STATISTICS", "Build", "Rebuild", "Score"]
