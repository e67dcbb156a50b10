"""The objects of an image part by part: numbered, kept in a store, or joined again.

An image that one view shows has one part; of one in tiles a part comes after each row of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from kontur.infer.options import Augment, GivenContrast
from kontur.infer.region import Region
from kontur.infer.scale_and_contrast import ScaleAndContrast
from kontur.infer.tiling.tile_store import TileStore
from kontur.infer.tiling.tiled import TiledImage
from kontur.infer.tiling.tiles import Tile
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.models.candidates import Candidates
from kontur.models.card import Thresholds
from kontur.models.resolve import Resolved


@dataclass(frozen=True, eq=False)
class ImagePlan:
    """An image at the chosen scale and contrast, and the tiles in which it is looked at, if any.

    Objects below `min_size` square pixels and outside the `region` are left out. With `polish` the
    model's agent corrects their outlines.
    """

    chosen: ScaleAndContrast
    thresholds: Thresholds
    tiled: TiledImage | None
    min_size: float = 0.0
    region: Region | None = None
    augment: Augment | None = None
    polish: bool = False


@dataclass(frozen=True, eq=False)
class PredictedParts:
    """The objects of an image part by part, as `resolved` is iterated, once.

    Ids are unique over all parts; within one the best score comes first. `size` (h, w) and `plane`
    are the image's; `scale` and `contrast` as in `Prediction`.
    """

    size: tuple[int, int]
    plane: Plane | None
    scale: float
    contrast: GivenContrast | None
    resolved: Iterator[Resolved]


def from_store(
    tiled: TiledImage, thresholds: Thresholds, store: TileStore | None
) -> Callable[[Tile], Candidates]:
    """What gives the candidates of each tile: the store where it has them, else the network."""

    def propose(tile: Tile) -> Candidates:
        return tiled.candidates(tile, thresholds)

    if store is None:  # with a region twice, for all that goes on beyond its tiles
        return propose if tiled.region is None else cache(propose)
    return lambda tile: store.candidates(tiled.tiling, tile, propose)


def numbered(
    parts: Iterator[Resolved], min_size: float, region: Region | None = None
) -> Iterator[Resolved]:
    """The parts, numbered on from one to the next, without what is too small or elsewhere."""
    count = 0
    for instances, repaired in parts:
        ids = np.arange(count + 1, count + len(instances) + 1)
        count += len(instances)
        objects = instances.replace(ids=ids) if len(ids) else instances
        wanted = objects.areas >= min_size
        if region is not None:
            wanted &= region.holds(objects)
        yield Resolved(objects if wanted.all() else objects[wanted], repaired)


def best_first(parts: Sequence[Instances]) -> Instances:
    """The objects of all parts of an image, the best score first, numbered from 1."""
    if len(parts) == 1:
        return parts[0]
    joined = Instances.concat(parts)
    ordered = joined[np.argsort(-joined.scores, kind="stable")]
    return ordered.replace(ids=np.arange(1, len(ordered) + 1))
