"""Objects by a threshold and a watershed: the classic recipe, with no network in it.

The image is smoothed and divided into foreground and background where the variance between the two
is largest (Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979). Holes are filled,
and each connected region is an object; or regions are split by a watershed of their distance to
the background, one object per maximum (`geometry.morphology`).
"""

from collections.abc import Sequence

import numpy as np
import shapely
from jaxtyping import Float, Int

from kontur.geometry import morphology
from kontur.geometry.gaussian import blur
from kontur.geometry.raster import trace_labels
from kontur.geometry.shared_boundaries import smooth_shared_boundaries
from kontur.models.baseline.config import BaselineConfig
from kontur.models.candidates import Box, Candidates, first_points
from kontur.models.family import Blocks
from kontur.models.graphs import Graphs

BINS = 256  # of the histogram
EVEN = 1e-6  # an image whose values differ by less has no foreground


def propose(
    graphs: Graphs,
    images: Float[np.ndarray, "b c h w"],
    config: BaselineConfig,
    lowest: float,
    sizes: Sequence[tuple[int, int]],
    within: Box | None = None,
    corner: tuple[int, int] = (0, 0),
) -> list[Candidates]:
    """The candidates of each image of a batch; there are no graphs.

    A score is an object's mean height above the threshold, from 0 to 1; objects below `lowest` are
    left out. Nothing depends on a `corner`: there are no limits.
    """
    return [
        _objects(
            image.mean(axis=0)[: size[0], : size[1]], config, lowest, in_tile=within is not None
        )
        for image, size in zip(images, sizes, strict=True)
    ]


def otsu(values: Float[np.ndarray, "h w"]) -> float:
    """The threshold with the largest variance between what lies below and above it.

    >>> 0.2 < otsu(np.array([[0.1, 0.2], [0.9, 0.8]])) < 0.8
    True
    """
    return otsu_of_histogram(*np.histogram(values, BINS))


def otsu_of_histogram(counts: Int[np.ndarray, " n"], edges: Float[np.ndarray, " n1"]) -> float:
    """The same of values that were counted between edges."""
    middles = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = sums / below - (sums[-1] - sums) / above
        between = np.where(above > 0, below * above * difference**2, 0.0)
    return float(edges[1 + int(between.argmax())])


def measure(config: BaselineConfig, blocks: Blocks) -> BaselineConfig:
    """The settings with the threshold and the brightest value of a whole image, part by part.

    The same numbers that `regions` measures where it sees the image at once.
    """
    lowest, highest = np.inf, -np.inf
    for values, counted in blocks():
        part = smoothed(values.mean(axis=2), config)[counted]
        lowest, highest = min(lowest, float(part.min())), max(highest, float(part.max()))
    if not highest - lowest > EVEN:
        return config.replace(threshold=highest, brightest=highest)  # nothing is above it
    counts = np.zeros(BINS, np.int64)
    for values, counted in blocks():
        part = smoothed(values.mean(axis=2), config)[counted]
        counts += np.histogram(part, BINS, (lowest, highest))[0]
    threshold = otsu_of_histogram(counts, np.linspace(lowest, highest, BINS + 1)) * config.level
    return config.replace(threshold=threshold, brightest=highest)


def smoothed(image: Float[np.ndarray, "h w"], config: BaselineConfig) -> Float[np.ndarray, "h w"]:
    """The smoothed image in which objects are bright."""
    smooth = blur(image[..., None].astype(np.float32), config.smooth)[..., 0]
    return 1 - smooth if config.polarity == "dark" else smooth


def regions(
    image: Float[np.ndarray, "h w"], config: BaselineConfig
) -> tuple[Int[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """The label image, and the height of each pixel above the threshold, from 0 to 1."""
    smooth = smoothed(image, config)
    if config.threshold is None:
        threshold, brightest = otsu(smooth) * config.level, float(smooth.max())
        foreground = (smooth > threshold) & (np.ptp(smooth) > EVEN)
    else:
        threshold, brightest = config.threshold, config.brightest or 0.0
        foreground = smooth > threshold
    labels = morphology.fill_holes(morphology.label(foreground)[0])
    if config.min_distance > 0:
        labels = morphology.split_by_watershed(labels > 0, config.min_distance)
    height = (smooth - threshold) / max(brightest - threshold, 1e-6)
    return morphology.remove_small(labels, config.smallest), np.clip(height, 0, 1)


def _objects(
    image: Float[np.ndarray, "h w"], config: BaselineConfig, lowest: float, *, in_tile: bool
) -> Candidates:
    """The candidates of one image; of a tile their boxes show what decides about them."""
    labels, height = regions(image, config)
    values, outlines = trace_labels(labels)
    points = first_points(outlines)
    outlines = smooth_shared_boundaries(outlines)
    areas = np.bincount(labels.ravel(), minlength=int(labels.max(initial=0)) + 1)
    sums = np.bincount(labels.ravel(), weights=height.ravel(), minlength=len(areas))
    scores = sums[values] / areas[values]
    boxes = shapely.bounds(outlines).reshape(-1, 4)
    if in_tile and config.min_distance > 0:  # a watershed goes by how far background lies
        boxes += morphology.deepest(labels, values)[:, None] * [-1, -1, 1, 1]
    chosen = (scores >= lowest) & (areas[values] <= (config.largest or np.inf))
    return Candidates(
        outlines[chosen],
        np.zeros(int(chosen.sum()), bool),
        scores[chosen],
        np.full(int(chosen.sum()), config.label),
        boxes[chosen],
        (labels.shape[0], labels.shape[1]),
        config.classes,
        points=points[chosen],
    )
