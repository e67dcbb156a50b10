"""Two sets of objects of one image laid over each other: the ground of every score.

Ignore regions (crowds, parts of the image that nobody annotated) are taken out of the truth: they
are neither found nor missed, and a found object that lies mostly in them may stay unmatched.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.errors import InputError
from kontur.evaluate.pixels import Pixels, Shared, pixels_of, shared
from kontur.instances import Instances

EXCUSED = 0.5  # of a found object's own area in ignore regions: then it is no false positive


@dataclass(frozen=True, eq=False)
class Comparison:
    """The k true and l found objects of one image (without ignore regions) and their overlaps.

    Attributes:
        truth, found: their pixels.
        classes: the names that the label arrays count in.
        true_labels, found_labels: class of each object.
        scores: of the found objects, NaN where they have none.
        rows, cols, iou: the pairs that share pixels, by row, then column: true object, found
            object, intersection over union.
        intersections: the pixels that each pair shares.
        crowded: the largest share of a found object's area that lies in one ignore region.
        excused: found objects that lie mostly (`EXCUSED`) in ignore regions taken together.
        ignored: flattened mask of the pixels in ignore regions.
    """

    truth: Pixels
    found: Pixels
    classes: tuple[str, ...]
    true_labels: Int[np.ndarray, " k"]
    found_labels: Int[np.ndarray, " l"]
    scores: Float[np.ndarray, " l"]
    rows: Int[np.ndarray, " e"]
    cols: Int[np.ndarray, " e"]
    iou: Float[np.ndarray, " e"]
    intersections: Int[np.ndarray, " e"]
    crowded: Float[np.ndarray, " l"]
    excused: Bool[np.ndarray, " l"]
    ignored: Bool[np.ndarray, " hw"]

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)` of the image."""
        return self.truth.size


def compare(truth: Instances, found: Instances) -> Comparison:
    """Rasterise both sides on the image grid and take the IoU of every pair that shares pixels.

    Classes are matched by name. Where the two sides share no name and one of them has a single
    class (a label image says only "object"), classes play no part. Found objects that are marked
    `ignore` are left out. If neither side knows the image's size, the grid ends where the objects
    do.

    Raises:
        InputError: the sides differ in size, or both have several classes and no name in common.
    """
    size = _common_size(truth, found)
    classes, true_names, found_names = _common_classes(truth.classes, found.classes)
    regions, truth, found = truth[truth.ignore], truth[~truth.ignore], found[~found.ignore]
    true_pixels, found_pixels = (pixels_of(side.polygons, size) for side in (truth, found))
    pairs = shared(true_pixels, found_pixels)
    union = true_pixels.areas[pairs.rows] + found_pixels.areas[pairs.cols] - pairs.area
    region_pixels = pixels_of(regions.polygons, size)
    ignored = region_pixels.union()
    inside = np.bincount(
        found_pixels.owner, weights=ignored[found_pixels.place], minlength=len(found)
    )
    return Comparison(
        truth=true_pixels,
        found=found_pixels,
        classes=classes,
        true_labels=true_names[truth.labels],
        found_labels=found_names[found.labels],
        scores=found.scores,
        rows=pairs.rows,
        cols=pairs.cols,
        iou=pairs.area / union,
        intersections=pairs.area,
        crowded=_crowded(shared(region_pixels, found_pixels), found_pixels.areas),
        excused=(inside >= EXCUSED * found_pixels.areas) & (inside > 0),
        ignored=ignored,
    )


def _crowded(pairs: Shared, areas: Int[np.ndarray, " l"]) -> Float[np.ndarray, " l"]:
    most = np.zeros(len(areas))
    np.maximum.at(most, pairs.cols, pairs.area / areas[pairs.cols])
    return most


def _common_size(truth: Instances, found: Instances) -> tuple[int, int]:
    if truth.size and found.size and truth.size != found.size:
        (h, w), (other_h, other_w) = truth.size, found.size
        raise InputError(
            f"truth and found objects must belong to one image, got {h}×{w} and "
            f"{other_h}×{other_w} (height × width); scale one of them or check the names"
        )
    known = truth.size or found.size
    if known:
        return known
    corners = np.concatenate([truth.boxes, found.boxes])[:, 2:]
    width, height = np.ceil(corners.max(axis=0, initial=0)).astype(int)
    return int(height), int(width)


def _common_classes(
    truth: tuple[str, ...], found: tuple[str, ...]
) -> tuple[tuple[str, ...], Int[np.ndarray, " t"], Int[np.ndarray, " f"]]:
    """Class names of both sides together, and the place of each side's classes among them."""
    if not set(truth) & set(found):
        if len(truth) > 1 and len(found) > 1:
            raise InputError(
                f"truth has the classes {', '.join(truth)} and the found objects have "
                f"{', '.join(found)}: no name in common; rename the classes of one side"
            )
        name = truth if len(truth) == 1 else found
        return name, np.zeros(len(truth), dtype=np.int64), np.zeros(len(found), dtype=np.int64)
    names = tuple(dict.fromkeys(truth + found))
    place = {name: label for label, name in enumerate(names)}
    return names, np.array([place[n] for n in truth]), np.array([place[n] for n in found])
