"""Columns that say where images come from: patient, plate, well, slide, day.

Images with one value were made together, so that folds must not separate them. Such a column holds
names: texts, or whole numbers that only name, and several images share at least half of them.
Counts, outcomes and treatments repeat their values as well, and follow the order of images that are
named by condition, so that only the name of the column speaks for it: words for an origin, and no
others than may stand beside them. Site, field, section and replicate are no such words: they are
numbered anew within each well, slide or condition, and separate what was made together.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int

from kontur.measure.recipe import numeric
from kontur.wording import plural

ORIGINS = frozenset(
    (
        *("patient", "donor", "subject", "animal", "mouse", "rat", "individual", "person"),
        *("specimen", "sample", "plate", "well", "slide", "block", "batch", "run", "day", "date"),
        *("session", "experiment", "acquisition", "dish", "flask", "chip", "film"),
        *("movie", "video", "cohort", "hospital", "centre", "center", "lab", "scanner"),
        *("microscope", "camera", "operator"),
    )
)
# With any other word a name is that of something else: patient_age, n_wells, mouse_strain.
BESIDE = frozenset(
    ("id", "no", "nr", "number", "name", "code", "barcode", "image", "imaging", "metadata")
)
JOINED = 0.5  # least share of the values that several images have


class GroupColumn(NamedTuple):
    """A column that may be given as `--group`, and what speaks for it."""

    name: str
    reason: str


def group_column(name: str, cells: pd.Series, images: pd.Series) -> GroupColumn | None:
    """The column as one of groups, with the reason; None where nothing speaks for it.

    `cells` has the value of every row, the same in all rows of an image, and `images` its image.
    """
    words = set(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))
    if not words & ORIGINS or words - ORIGINS - BESIDE or not _are_names(cells):
        return None
    firsts = ~images.duplicated().to_numpy()
    sizes = pd.Series(cells.to_numpy()[firsts]).value_counts().to_numpy()  # none for missing ones
    if len(sizes) < 2 or (sizes > 1).mean() < JOINED:
        return None
    reason = f"named as an origin, {plural(len(sizes), 'value')} of {_each(sizes)} each"
    return GroupColumn(name, reason)


def _are_names(cells: pd.Series) -> bool:
    """Whether the cells are texts or whole numbers, but neither booleans nor numbers as text."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return False
    known = cells.dropna()
    if numeric(cells):
        return bool((known.to_numpy(float) % 1 == 0).all())
    return not known.map(lambda cell: isinstance(cell, bool)).all()


def _each(sizes: Int[np.ndarray, " values"]) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    return plural(high, "image") if low == high else f"{low:,} to {plural(high, 'image')}"
