"""Selection: which images are held out, and which of several settings is best.

It works on names and numbers only, for images and tables alike. `splits` divides names, `places`
what lies in a row, `cross_validation` fits every setting on every fold and resumes where it was
interrupted, `verdict` decides which is best and whether the difference exceeds the spread of the
folds.
"""

from kontur.select.cross_validation import FitFailed, Outcome, Trial, cross_validate, refit, trials
from kontur.select.places import last_places, not_beside_held
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
    "last_places",
    "nested",
    "not_beside_held",
    "paired",
    "ranked",
    "refit",
    "spread",
    "trials",
]
