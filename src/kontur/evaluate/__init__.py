"""Evaluation of outlines: matching by exact IoU, AP and its relatives, areas and boundaries.

`evaluate` scores one image, `summarise` combines many, `evaluate_all` does both. `tune_thresholds`
chooses the score and overlap thresholds of a model, `draw_ap` shows AP over IoU.
"""

from kontur.evaluate.figure import draw_ap, draw_lines
from kontur.evaluate.image import METRICS, THRESHOLDS, ImageScores, evaluate
from kontur.evaluate.summary import Summary, evaluate_all, summarise
from kontur.evaluate.tune import TunedThresholds, tune_thresholds

__all__ = [
    "METRICS",
    "THRESHOLDS",
    "ImageScores",
    "Summary",
    "TunedThresholds",
    "draw_ap",
    "draw_lines",
    "evaluate",
    "evaluate_all",
    "summarise",
    "tune_thresholds",
]
