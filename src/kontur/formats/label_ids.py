"""Label ids: the numbers of objects as pixels, where one number on several planes is one object."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int64, Shaped

from kontur.formats.image_annotation import unique_ids
from kontur.instances import Instances

LARGEST = 2**32 - 1  # id; beyond 32 bits Fiji and most readers give up
LARGEST_SIGNED = 2**31 - 1  # where regions to ignore need negative numbers


def storable_ids(planes: Iterable[Instances]) -> list[Int64[np.ndarray, " k"]]:
    """The ids of each plane of an image: above 0 of objects, below of regions to ignore.

    They stay unless one on any plane cannot be stored (zero, negative, more than 32 bits): then
    all become 1 … K in the order in which they come, and those of one id stay one object.

    >>> planes = [Instances.from_label_image(np.array([[1, of]])) for of in (2**33, 7)]
    >>> [ids.tolist() for ids in storable_ids(planes)]
    [[1, 2], [1, 3]]
    """
    parts = [(one.ids, one.ignore) for one in planes]
    if not parts:
        return []
    ids, ignore = map(np.concatenate, zip(*parts, strict=True))
    signed = np.where(ignore & (ids > 0), -ids, ids)
    largest = LARGEST_SIGNED if ignore.any() else LARGEST
    storable = ((signed < 0) == ignore) & (signed != 0) & (-largest <= signed) & (signed <= largest)
    different = sum(len(np.unique(part)) for part in (ids[ignore], ids[~ignore]))
    if not storable.all() or len(np.unique(signed)) < different:
        signed = np.where(ignore, -1, 1) * _in_order(np.stack([ids, ignore], axis=1))
    return np.split(signed, np.cumsum([len(own) for own, _ in parts])[:-1])


def different_ids(planes: Sequence[Instances]) -> list[Instances]:
    """The planes with ids that no other has: where none says that objects of two are the same."""
    numbers = unique_ids([number for one in planes for number in one.ids.tolist()])
    ids = np.split(np.array(numbers, np.int64), np.cumsum([len(one) for one in planes])[:-1])
    return [one.replace(ids=own) for one, own in zip(planes, ids, strict=True)]


def _in_order(keys: Shaped[np.ndarray, "k 2"]) -> Int64[np.ndarray, " k"]:
    """A number from 1 for each of the different rows, in the order in which they first come."""
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return 1 + np.argsort(np.argsort(first))[inverse.reshape(-1)]
