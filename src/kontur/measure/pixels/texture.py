"""Texture of every object: Haralick's features of the grey levels of neighbouring pixels.

Haralick, Shanmugam, Dinstein, "Textural features for image classification", 1973. The
co-occurrence matrix of an object counts the grey levels of all pairs of neighbours inside it, in
all eight directions together, so that a rotation by 90° changes nothing. Its features are computed
by scikit-image's `graycoprops`; the pairs are counted here for all objects at once, where the
library takes rectangles, one at a time.

Levels divide the range between the image's 1st and 99th percentile: features do not change with
the exposure or gain of an image, and are comparable only between images of similar content.
"""

import numpy as np
from jaxtyping import Float, Int, Num, Shaped

from kontur.measure.columns import Column, Values
from kontur.measure.extra import package
from kontur.measure.pixels.image_part import ChannelLevels, ImagePart
from kontur.measure.pixels.object_pixels import Pixels, pixels_of

LEVELS = 16  # grey levels
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))  # rows and columns; the opposite four by symmetry
MATRICES = 4096  # at a time

PROPERTIES = {  # of graycoprops, by the name of our column
    "texture_contrast": "contrast",
    "texture_homogeneity": "homogeneity",
    "texture_asm": "ASM",
    "texture_correlation": "correlation",
    "texture_entropy": "entropy",
}
COLUMNS = {
    "texture_contrast": Column("", "mean squared difference of neighbours, in grey levels"),
    "texture_homogeneity": Column("", "mean of 1 / (1 + squared difference)"),
    "texture_asm": Column("", "angular second moment: 1 where all pairs are alike"),
    "texture_correlation": Column("", "correlation of neighbours; 1 where all are equal"),
    "texture_entropy": Column("", "entropy of the pairs, in nats"),
}


def measure_texture(polygons: Shaped[np.ndarray, " k"], part: ImagePart) -> list[Values]:
    """For each channel one value per object for each of `COLUMNS`; NaN without any pair.

    The part of the image must show the objects whole.
    """
    k = len(polygons)
    height, width, channels = part.pixels.shape
    planes = [_levels(part.pixels[..., i], part.levels[i]) for i in range(channels)]
    values = [{name: np.full(k, np.nan) for name in COLUMNS} for _ in planes]
    for block in pixels_of(polygons, (height, width), part.corner):
        if len(block.place) == 0:
            continue
        places = slice(block.first, block.first + len(block.number))
        for channel, counts in enumerate(_cooccurrence(block, planes)):
            for name, column in _features(counts).items():
                values[channel][name][places] = column
    return values


def _cooccurrence(
    block: Pixels, planes: list[Int[np.ndarray, "h w"]]
) -> list[Float[np.ndarray, "b _"]]:
    """For each plane the co-occurrence matrix of every object of a block, as a row.

    Objects that share pixels do not fit into one label image: those painted over are counted in a
    later round.
    """
    number = len(block.number)
    row, col = np.divmod(block.place, planes[0].shape[1])
    top, left = int(row.min()), int(col.min())
    window = (slice(top, int(row.max()) + 1), slice(left, int(col.max()) + 1))
    levels = [np.pad(plane[window], 1).ravel() for plane in planes]  # every pixel has neighbours
    width = window[1].stop - left + 2
    place = (row - top + 1) * width + col - left + 1
    owner = block.owner
    counts = [np.zeros((number, LEVELS * LEVELS)) for _ in planes]
    while len(owner):
        painted = np.full(len(levels[0]), -1, dtype=np.int64)
        painted[place] = owner
        over = np.bincount(owner, painted[place] != owner, minlength=number) > 0
        whole = ~over[owner]
        own_places, own = place[whole], owner[whole]
        for down, across in NEIGHBOURS:
            same = painted[own_places + down * width + across] == own
            first, whose = own_places[same], own[same]
            second = first + down * width + across
            for channel, level in enumerate(levels):
                keys = (whose * LEVELS + level[first]) * LEVELS + level[second]
                pair_counts = np.bincount(keys, minlength=counts[channel].size)
                counts[channel] += pair_counts.reshape(counts[channel].shape)
        owner, place = owner[~whole], place[~whole]
    return [_both_ways(count) for count in counts]


def _both_ways(counts: Float[np.ndarray, "b _"]) -> Float[np.ndarray, "b _"]:
    """The symmetric matrix: each pair counted in both directions."""
    square = counts.reshape(-1, LEVELS, LEVELS)
    return (square + square.transpose(0, 2, 1)).reshape(counts.shape)


def _levels(plane: Num[np.ndarray, "h w"], of: ChannelLevels) -> Int[np.ndarray, "h w"]:
    """The values as grey levels 0 … LEVELS − 1."""
    span = of.high - of.low if of.high > of.low else 1.0
    return np.clip((plane - of.low) * (LEVELS / span), 0, LEVELS - 1).astype(np.int64)


def _features(counts: Float[np.ndarray, "b _"]) -> Values:
    """The features of each co-occurrence matrix; NaN of one without any pair."""
    graycoprops = package("skimage.feature").graycoprops
    with_pairs = np.flatnonzero(counts.sum(axis=1) > 0)
    features = {name: np.full(len(counts), np.nan) for name in PROPERTIES}
    for start in range(0, len(with_pairs), MATRICES):
        part = with_pairs[start : start + MATRICES]
        # (levels, levels, distances, angles): the objects stand where it wants the distances
        matrices = counts[part].T.reshape(LEVELS, LEVELS, len(part), 1)
        for name, word in PROPERTIES.items():
            features[name][part] = graycoprops(matrices, word)[:, 0]
    return features
