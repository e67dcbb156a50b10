"""Candidates of an image: probabilities of pixels, divided into regions, traced exactly.

Pure numpy and shapely. Regions do not overlap, and their outlines run along pixel edges, so no
polygon is ever invalid or outside the image, and none has to be suppressed.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from jaxtyping import Float, Int

from kontur.geometry import morphology, raster
from kontur.geometry.shared_boundaries import smooth_shared_boundaries
from kontur.models.candidates import Box, Candidates, first_points
from kontur.models.graphs import Graphs
from kontur.models.unet.config import BACKGROUND, INTERIOR, DecodeConfig, DenseConfig
from kontur.models.unet.segment import Segment


def propose(
    graphs: Graphs,
    images: Float[np.ndarray, "b c h w"],
    config: DenseConfig,
    lowest: float,
    sizes: Sequence[tuple[int, int]],
    within: Box | None = None,
    corner: tuple[int, int] = (0, 0),
    *,
    segment: Segment,
) -> list[Candidates]:
    """The candidates of each image of a batch whose sides are multiples of `config.multiple`.

    `segment` runs the graph of that name of an engine. `sizes` are the images' own (height, width)
    without their padding. A score is the mean probability of the object's pixels: that they are not
    background (`instances`), that they are of its class (`semantic`); what scores below `lowest` is
    left out. Nothing depends on a `corner`: there are no limits.
    """
    probabilities = segment.probabilities(graphs, images, config)
    return [
        _objects(pixels[:, :height, :width], config, lowest, in_tile=within is not None)
        for pixels, (height, width) in zip(probabilities, sizes, strict=True)
    ]


def instance_regions(
    pixels: Float[np.ndarray, "3 h w"], decode: DecodeConfig
) -> Int[np.ndarray, "h w"]:
    """A label image of the objects separated by background, interior and border."""
    foreground = morphology.closing(pixels[BACKGROUND] <= 1 - decode.foreground, decode.closing)
    if decode.method == "grow":
        seeds, _ = morphology.label(
            morphology.opening(pixels[INTERIOR] > decode.seed, decode.opening) & foreground, 8
        )
        return morphology.grow(seeds, foreground)
    return morphology.split_by_watershed(
        morphology.opening(foreground, decode.opening), decode.min_distance
    )


def class_regions(
    pixels: Float[np.ndarray, "k h w"], decode: DecodeConfig
) -> Int[np.ndarray, "h w"]:
    """A label image of the connected regions of every class but the first, the background."""
    foreground = pixels[BACKGROUND] <= 1 - decode.foreground
    classes = np.where(foreground, 1 + pixels[1:].argmax(axis=0), BACKGROUND)
    regions = np.zeros(classes.shape, np.int64)
    for value in range(1, len(pixels)):
        free = (classes == value) | ((classes == BACKGROUND) & (regions == 0))
        region = morphology.closing(classes == value, decode.closing) & free
        labels, _ = morphology.label(morphology.opening(region, decode.opening))
        regions = np.where(labels > 0, labels + regions.max(initial=0), regions)
    return regions


def _objects(
    probabilities: Float[np.ndarray, "q h w"], config: DenseConfig, lowest: float, *, in_tile: bool
) -> Candidates:
    """The candidates of one image; their polygons do not overlap.

    Of a tile their boxes show what decides about them: also how far background lies at most, which
    a watershed goes by.
    """
    decode, count = config.decode, config.pixel_classes
    pixels, votes = probabilities[:count], probabilities[count:]
    semantic = config.task == "semantic"
    regions = class_regions(pixels, decode) if semantic else instance_regions(pixels, decode)
    cut = regions
    if decode.holes == "fill":
        regions = morphology.fill_holes(regions)
    regions = morphology.remove_small(regions, decode.smallest)
    numbers, polygons = raster.trace_labels(regions)
    points = first_points(polygons)
    polygons = smooth_shared_boundaries(polygons)
    if semantic:
        votes = pixels[1:]
    if not len(votes):
        votes = np.ones((1, *regions.shape), np.float32)
    labels = _means(votes, regions)[:, numbers].argmax(axis=0)
    confidence = pixels[1:] if semantic else 1 - pixels[:1]
    means = _means(confidence, regions)[:, numbers]
    scores = np.clip(means[labels if semantic else 0, np.arange(len(numbers))], 0, 1)
    boxes = shapely.bounds(polygons).reshape(-1, 4)
    if in_tile and not semantic and decode.method == "watershed":
        boxes += morphology.deepest(cut, numbers)[:, None] * [-1, -1, 1, 1]
    kept = scores >= lowest
    return Candidates(
        polygons[kept],
        np.zeros(int(kept.sum()), bool),
        scores[kept],
        labels[kept],
        boxes[kept],
        (regions.shape[0], regions.shape[1]),
        config.classes,
        points=points[kept],
    )


def _means(
    values: Float[np.ndarray, "k h w"], regions: Int[np.ndarray, "h w"]
) -> Float[np.ndarray, "k n"]:
    """The mean of each value over each region, by its number."""
    number = regions.ravel()
    area = np.maximum(np.bincount(number), 1)
    sums = [np.bincount(number, weights=value.ravel()) for value in values]
    return np.stack(sums) / area
