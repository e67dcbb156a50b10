"""Choosing: which images are held out, and which of several settings is best.

Knows names and numbers only, so that it serves images and tables alike. `splits` parts names,
`cross_validation` fits every setting on every fold and goes on where it was interrupted, `verdict`
says which is best and whether the difference is larger than the folds' spread.
"""

from kontur.select.cross_validation import FitFailed, Outcome, Trial, cross_validate, refit, trials
from kontur.select.splits import Split, folds, holdout, nested
from kontur.select.verdict import Spread, Verdict, decide, paired, ranked, spread

__all__ = [
    "FitFailed",
    "Outcome",
    "Split",
    "Spread",
    "Trial",
    "Verdict",
    "cross_validate",
    "decide",
    "folds",
    "holdout",
    "nested",
    "paired",
    "ranked",
    "refit",
    "spread",
    "trials",
]
