"""Training targets of the U-Nets: the class of every pixel.

No torch: it runs in loader workers. With three classes, after Caicedo et al., Evaluation of Deep
Learning Strategies for Nucleus Segmentation in Fluorescence Images, Cytometry A, 2019: a border
between interiors separates touching objects. They draw the border around every object;
so do we, inside of the object, because a class that is frequent is learned sooner than one that
occurs only between neighbours, and because the remaining interiors grow back exactly.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, Integer

from kontur.geometry import raster
from kontur.instances import Instances
from kontur.models.encode_checks import checked_size
from kontur.models.unet.config import BORDER, INTERIOR, DenseConfig

UNSURE = -1  # a pixel that no loss counts
DEEPEST = 0.5  # of an object's depth: the border never takes more, so that thin ones stay whole

Array = Any  # np.ndarray as `encode` makes it, a Tensor in the losses


class Targets(NamedTuple):
    """The class of every pixel, and the class of the object that it belongs to; -1 for neither."""

    pixels: Array  # (b, h, w)
    labels: Array  # (b, h, w)


def encode(
    instances: Instances, config: DenseConfig, rng: np.random.Generator | None = None
) -> Targets:
    """The targets of one image (b = 1); nothing is drawn, so `rng` is not read.

    Any number of objects, also none. Where two overlap the later one has the pixels. Raises
    `ValueError` where the image's size is unknown, or a label has no class in `config`.
    """
    checked_size(instances, config.classes)
    objects, unsure = instances[~instances.ignore], instances[instances.ignore]
    owners = _paint(objects, np.arange(1, len(objects) + 1))
    labels = np.append(UNSURE, objects.labels)[owners]
    pixels = labels + 1 if config.task == "semantic" else three_classes(owners, config.border)
    pixels[(_paint(unsure, np.ones(len(unsure), np.int64)) > 0) & (owners == 0)] = UNSURE
    return Targets(pixels[None].astype(np.int64), labels[None].astype(np.int64))


def collate(targets: Sequence[Targets]) -> Targets:
    """The targets of several images (at least one, all of one size) as one batch."""
    return Targets(*(np.concatenate(arrays) for arrays in zip(*targets, strict=True)))


def three_classes(owners: Integer[np.ndarray, "h w"], border: int) -> Int[np.ndarray, "h w"]:
    """Background, interior and border of a label image whose ids are 0 … k.

    A pixel is border where another id is at most `border` pixels away, but never where that would
    take more than half of the object's depth: the deepest pixels are always interior, so an object
    of one pixel, too, has an interior, and a thin one is not cut to pieces.
    """
    depth = _depth(owners, int(border / DEEPEST))  # deeper ones have the whole border anyway
    deepest = np.zeros(int(owners.max(initial=0)) + 1)
    np.maximum.at(deepest, owners.ravel(), depth.ravel())
    limit = np.minimum(border, DEEPEST * deepest)
    pixels = np.where(depth > limit[owners], INTERIOR, BORDER)
    pixels[owners == 0] = 0
    return pixels


def _depth(owners: Integer[np.ndarray, "h w"], most: int) -> np.ndarray:
    """Pixels to the nearest one of another id, between centres; `most` where none is nearer.

    The image's border is no outline: an object that continues beyond it has no border there.
    """
    depth = np.full(owners.shape, float(most))
    for down in range(most + 1):
        for right in range(-most, most + 1):
            away = float(np.hypot(down, right))
            if not 0 < away < most or (down == 0 and right < 0):
                continue
            first, second = _shifted(owners.shape, down, right)
            other = owners[first] != owners[second]
            for side in (first, second):
                window = depth[side]
                window[other] = np.minimum(window[other], away)
    return depth


def _shifted(shape: tuple[int, int], down: int, right: int) -> tuple[Any, Any]:
    """The two windows of an image of which one is the other, moved down and right."""
    h, w = shape
    left, over = max(-right, 0), max(right, 0)
    first = (slice(0, max(h - down, 0)), slice(left, max(w - over, left)))
    second = (slice(min(down, h), h), slice(over, max(w - left, over)))
    return first, second


def _paint(objects: Instances, numbers: Int[np.ndarray, " k"]) -> Int[np.ndarray, "h w"]:
    """The number of the last object at each pixel, 0 without one."""
    assert objects.size is not None
    height, width = objects.size
    runs = raster.spans(objects.polygons, (height, width))
    image = np.zeros((height, width), np.int64)
    owner = np.repeat(runs.owner, runs.stop - runs.start)
    image.ravel()[raster.pixels(runs, width)] = numbers[owner]
    return image
