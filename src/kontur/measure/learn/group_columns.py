"""Columns that say where images come from: patient, plate, well, slide, day.

Images with one value were made together, so that folds must not separate them. Such a column holds
names: texts, or whole numbers that only name, and several images share at least half of them.
Counts, outcomes and treatments repeat their values as well, and follow the order of images that are
named by condition, so that only the name of the column speaks for it: words for an origin, and no
others than may stand beside them. Some are words for amounts too: a number called `sample` may say
how many there were, unless they are counted through, and one called `day` how long it took. Site,
field, section and replicate are no such words: they are numbered anew within each well, slide or
condition, and separate what was made together.
"""

import re
from collections.abc import Set
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int

from kontur.measure.tables.recipe import numeric
from kontur.wording import plural

ORIGINS = frozenset(
    (
        *("patient", "case", "donor", "subject", "participant", "volunteer", "individual"),
        *("person", "animal", "mouse", "rat", "fish", "embryo", "litter", "cage", "biopsy"),
        *("specimen", "sample", "plate", "well", "slide", "block", "batch", "run", "day", "date"),
        *("session", "experiment", "acquisition", "dish", "flask", "chip", "film"),
        *("movie", "video", "cohort", "hospital", "clinic", "centre", "center", "lab", "scanner"),
        *("microscope", "camera", "operator"),
    )
)
# With any other word a name is that of something else: patient_age, n_wells, mouse_strain.
BESIDE = frozenset(
    ("id", "no", "nr", "number", "name", "code", "barcode", "image", "imaging", "metadata")
)
TIMES = frozenset(("day", "date"))  # a number is a time, unless it is a date such as 20261130
COUNTED = frozenset(  # a number may say how many there were, unless they are numbered through
    (
        *("sample", "case", "run", "session", "block", "experiment", "acquisition", "biopsy"),
        *("embryo", "litter", "animal", "person", "individual"),
    )
)
NUMBERED = frozenset(("id", "no", "nr", "number", "name", "code", "barcode"))  # words that name
DATE = 19_000_101  # the least number that is a date
FEWEST = 3  # values; fewer are conditions, and no folds
JOINED = 0.5  # least share of the values that several images have


class GroupColumn(NamedTuple):
    """A column that may be given as `--group`, and what speaks for it."""

    name: str
    reason: str


def group_column(name: str, cells: pd.Series, images: pd.Series) -> GroupColumn | None:
    """The column as one of groups, with the reason; None where nothing speaks for it.

    `cells` has the value of every row, the same in all rows of an image, and `images` its image.
    """
    words = _words(name)
    if not words & ORIGINS or words - ORIGINS - BESIDE or not _are_names(cells, words):
        return None
    firsts = ~images.duplicated().to_numpy()
    sizes = pd.Series(cells.to_numpy()[firsts]).value_counts().to_numpy()  # none for missing ones
    if len(sizes) < FEWEST or (sizes > 1).mean() < JOINED:
        return None
    reason = f"named as an origin, {plural(len(sizes), 'value')} of {_image_count(sizes)} each"
    return GroupColumn(name, reason)


def _words(name: str) -> set[str]:
    """The words of a name, also where two that are known stand together.

    >>> sorted(_words("Metadata_PlateID")), sorted(_words("slideno"))
    (['id', 'metadata', 'plate'], ['no', 'slide'])
    """
    parts = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return {word for part in parts for word in _apart(part)}


def _apart(part: str) -> tuple[str, ...]:
    if part in ORIGINS | BESIDE:
        return (part,)
    cuts = ((part[:at], part[at:]) for at in range(1, len(part)))
    known = (cut for cut in cuts if {*cut} <= ORIGINS | BESIDE)
    return next(known, (part,))


def _are_names(cells: pd.Series, words: Set[str]) -> bool:
    """Whether the cells are texts or whole numbers that only name, no booleans or amounts."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return False
    known = cells.dropna()
    if not numeric(cells):
        return not known.map(lambda cell: isinstance(cell, bool)).all()
    numbers = np.unique(known.to_numpy(float))
    if len(numbers) == 0 or (numbers % 1 != 0).any():
        return False
    if words & TIMES:
        return bool(numbers[0] >= DATE)
    through = numbers[0] in (0, 1) and numbers[-1] - numbers[0] + 1 == len(numbers)
    return bool(through or words & NUMBERED or not words & COUNTED)


def _image_count(sizes: Int[np.ndarray, " values"]) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    return plural(high, "image") if low == high else f"{low:,} to {plural(high, 'image')}"
