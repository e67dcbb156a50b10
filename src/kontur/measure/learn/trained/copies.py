"""Images under another name: all their objects have the values of one that is known already.

A digest of a row's values (`training_rows.row_digests`) tells objects apart where there are many
columns of many digits, and says nothing of counts or of a few coarse numbers. So an image is a copy
only where nearly all of its objects coincide, and only where those of different images hardly do.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.measure.extra import package
from kontur.measure.learn.trained.training_rows import Digests, Overlap, is_exact

FEWEST = 5  # different rows from which an image is recognised: by chance at `CHANCE` to this power
NEARLY = 0.9  # share of the rows of a copy that coincide; others may have been left out or redrawn
CHANCE = 0.05  # share of rows with the values of another image from which values identify nothing

Names = Collection[Any]  # one a row


def copied_images(digests: Digests, images: Names) -> dict[str, str] | None:
    """The images that repeat an earlier one, each with the first; None where values do not tell.

    `digests` are those of the values of rows, `images` the names of their images. An image of fewer
    than `FEWEST` different rows is never a copy.

    >>> values = np.array([*range(10), *range(10), *range(20, 30)], np.uint64)
    >>> copied_images(values, [*"aaaaaaaaaabbbbbbbbbbcccccccccc"])
    {'b': 'a'}
    >>> copied_images(values % 4, [*"aaaaaaaaaabbbbbbbbbbcccccccccc"]) is None
    True
    """
    pandas = package("pandas")
    codes, names = pandas.factorize(_text(images))  # in order of appearance
    different = pandas.DataFrame({"image": codes, "digest": digests}).drop_duplicates()
    sizes = different["image"].value_counts().to_dict()
    first = different.groupby("digest")["image"].transform("min").rename("first")
    common = different.groupby(["image", first]).size().sort_values(ascending=False)
    most = common.reset_index(name="rows").drop_duplicates("image").sort_values("image")
    originals: dict[int, int] = {}
    for image, original, rows in most.to_numpy().tolist():
        is_copy = sizes[image] >= FEWEST and rows >= NEARLY * max(sizes[image], sizes[original])
        originals[image] = originals[original] if is_copy and image != original else image
    elsewhere = different["image"].map(originals).groupby(different["digest"]).nunique() > 1
    if not len(digests) or elsewhere.reindex(digests).mean() > CHANCE:
        return None
    pairs = ((image, original) for image, original in originals.items() if image != original)
    return {str(names[image]): str(names[original]) for image, original in pairs}


def copied_rows(sketch: Digests, digests: Digests, images: Names) -> Overlap:
    """How many rows are of the sketch, by their values, and in images that nearly all are.

    Images of too few rows to be recognised alone are taken together.
    """
    exact = is_exact(sketch)
    looked_up = np.full(len(digests), True) if exact else digests <= sketch[-1]
    rows = package("pandas").DataFrame({"image": _text(images), "digest": digests})[looked_up]
    rows["known"] = np.isin(rows["digest"], sketch)
    alone = rows.groupby("image")["digest"].transform("nunique") >= FEWEST
    rows["image"] = rows["image"].where(alone, "")
    different = rows.drop_duplicates(["image", "digest"]).groupby("image")["known"]
    copied = (different.size() >= FEWEST) & (different.mean() >= NEARLY)
    of_copies = rows["image"].isin(copied.index[copied])
    return Overlap(int(rows["known"][of_copies].sum()), len(rows), exact)


def _text(names: Names) -> Shaped[np.ndarray, " n"]:
    return np.asarray(names, object).astype(str)
