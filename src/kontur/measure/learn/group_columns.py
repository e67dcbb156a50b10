"""Columns that say where images come from: patient, plate, well, slide, day.

Images with one value were made together, so that folds must not separate them. Such a column holds
names: texts, or whole numbers that only name, each of which several images share. A count or an
outcome repeats its values as well, by chance or by its nature, so repetition alone proves nothing:
the name of the column, the order of the images or the number of its texts has to speak for it.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int

from kontur.measure.recipe import numeric
from kontur.wording import plural

# Words in the names of columns that name an origin; `_number` and `_id` may follow them.
ORIGINS = frozenset(
    (
        *("patient", "donor", "subject", "animal", "mouse", "rat", "individual", "person"),
        *("case", "specimen", "sample", "core", "plate", "well", "slide", "section", "block"),
        *("batch", "run", "day", "date", "session", "experiment", "acquisition", "culture"),
        *("dish", "flask", "chip", "replicate", "site", "film", "movie", "video", "series"),
        *("cohort", "hospital", "centre", "center", "lab", "scanner", "microscope"),
        *("camera", "operator"),
    )
)
# Words in the names of columns that hold an amount or an outcome, though they may name an origin
# too: patient_age, n_wells, slide_grade.
AMOUNTS = frozenset(
    (
        *("n", "num", "count", "counts", "total", "sum", "per", "mean", "median", "age"),
        *("weight", "size", "length", "area", "score", "grade", "stage", "dose"),
        *("concentration", "rate", "percent", "fraction", "ratio", "share", "survival"),
        *("alive", "dead", "outcome", "response", "result", "label", "class", "state"),
        *("status", "diagnosis", "treatment", "condition", "genotype"),
    )
)
SEVERAL = 4  # values from which the order of images is evidence: two outcomes in turn are none
MANY = 6  # texts from which a column holds names: outcomes and treatments are fewer
JOINED = 0.5  # least share of the values that several images have


class GroupColumn(NamedTuple):
    """A column that may be given as `--group`, and what speaks for it."""

    name: str
    reason: str


def group_column(name: str, cells: pd.Series, images: pd.Series) -> GroupColumn | None:
    """The column as one of groups, with the reason; None where nothing speaks for it.

    `cells` has the value of every row, the same in all rows of an image, and `images` its image.
    """
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    if AMOUNTS & set(words) or not _are_names(cells):
        return None
    firsts = ~images.duplicated().to_numpy()
    values = pd.Series(cells.to_numpy()[firsts], index=images.to_numpy()[firsts]).dropna()
    sizes = values.value_counts().to_numpy()
    if len(sizes) < 2 or (sizes > 1).mean() < JOINED:
        return None
    if ORIGINS & set(words):
        why = "named as an origin"
    elif len(sizes) >= SEVERAL and _in_runs(values):
        why = "constant along the order of the images' names"
    elif len(sizes) >= MANY and not numeric(cells):
        why = "text, more values than outcomes have"
    else:
        return None
    return GroupColumn(name, f"{why}, {plural(len(sizes), 'value')} of {_each(sizes)} each")


def _are_names(cells: pd.Series) -> bool:
    """Whether the cells are texts or whole numbers, but neither booleans nor numbers as text."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return False
    known = cells.dropna()
    if numeric(cells):
        return bool((known.to_numpy(float) % 1 == 0).all())
    return not known.map(lambda cell: isinstance(cell, bool)).all()


def _in_runs(values: pd.Series) -> bool:
    """Whether the images of every value follow one another in the order of their names."""
    codes = pd.factorize(values.sort_index().to_numpy())[0]
    return int((np.diff(codes) != 0).sum()) + 1 == len(np.unique(codes))


def _each(sizes: Int[np.ndarray, " values"]) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    return plural(high, "image") if low == high else f"{low:,} to {plural(high, 'image')}"
