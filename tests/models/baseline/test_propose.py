"""A threshold and a watershed on drawn images: what they find is known."""

import functools

import numpy as np
import pytest
import shapely
import skimage.filters

from kontur.models import catalog
from kontur.models.baseline.config import BaselineConfig
from kontur.models.baseline.propose import otsu
from kontur.models.card import Thresholds
from kontur.models.graphs import Graphs
from tests.models import contract

decode = functools.partial(contract.decode, "baseline")
ALL = Thresholds(score=0.0, overlap=1.0)


def discs(*centres, radius=9, size=(60, 80)):
    """Bright discs on dark ground, a little noisy."""
    rows, columns = np.indices(size) + 0.5
    inside = np.zeros(size, bool)
    for x, y in centres:
        inside |= (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    return (inside + np.random.default_rng(0).normal(0, 0.05, size)).astype(np.float32)


def find(image, thresholds=ALL, **settings):
    config = BaselineConfig(smooth=1.0, **settings)
    (decoded,) = contract.decode(
        "baseline", Graphs({}), image[None, None], config, thresholds, [image.shape]
    )
    assert decoded.repaired == 0
    return decoded.instances


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_that_of_scikit_image(seed):
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(0, 1, 900), rng.normal(4, 1.5, 600)]).reshape(30, 50)
    width = np.ptp(values) / 256  # of a bin: theirs is its middle, ours its upper edge
    assert otsu(values) == pytest.approx(skimage.filters.threshold_otsu(values), abs=width)


@pytest.mark.parametrize("polarity", ["bright", "dark"])
def test_discs_are_found_whether_bright_or_dark(polarity):
    image = discs((20, 20), (60, 40))
    found = find(image if polarity == "bright" else 1 - image, polarity=polarity)
    assert len(found) == 2
    assert found.areas == pytest.approx([np.pi * 81] * 2, rel=0.06)
    assert ((found.scores > 0) & (found.scores <= 1)).all()
    assert found.size == image.shape


def test_discs_that_touch_are_parted_by_the_watershed_only():
    image = discs((25, 30), (42, 30))
    assert len(find(image)) == 1
    parted = find(image, min_distance=6.0)
    assert len(parted) == 2
    assert sorted(round(p.centroid.x) for p in parted.polygons) == [25, 42]
    assert not shapely.overlaps(*parted.polygons)


def test_holes_are_filled_and_what_is_too_small_or_too_large_goes():
    ring = np.maximum(discs((30, 30), radius=15), discs((70, 50), radius=2.5))
    ring[28:32, 28:32] = 0
    assert len(find(ring, smallest=0)) == 2
    (disc,) = find(ring, smallest=60).polygons
    assert len(disc.interiors) == 0
    assert len(find(ring, smallest=0, largest=60)) == 1


def test_scores_say_how_far_an_object_lies_above_the_threshold():
    image = np.maximum(discs((20, 20)), 0.7 * discs((60, 40)))
    bright, dim = find(image, level=0.8).scores
    assert bright > dim
    sure = find(image, Thresholds(score=(bright + dim) / 2, overlap=1.0), level=0.8)
    assert len(sure) == 1


def test_every_object_is_of_the_class_that_was_commonest():
    found = find(discs((20, 20)), classes=("a", "b"), label=1)
    assert (found.classes, found.labels.tolist()) == (("a", "b"), [1])


@pytest.mark.parametrize("value", [0.0, 0.5])
@pytest.mark.parametrize("min_distance", [0.0, 5.0])
def test_an_even_image_holds_nothing(value, min_distance):
    assert len(find(np.full((12, 20), value, np.float32), min_distance=min_distance)) == 0
    assert len(find(np.full((1, 1), value, np.float32), min_distance=min_distance)) == 0


def test_padding_is_not_looked_at_and_channels_are_averaged():
    image = discs((20, 20), (60, 40))
    padded = np.pad(image, ((0, 4), (0, 16)), constant_values=9.0)
    config = BaselineConfig(channels=2)
    both = np.stack([2 * padded, 0 * padded])
    (decoded,) = decode(Graphs({}), both[None], config, ALL, [image.shape])
    assert len(decoded.instances) == 2
    assert catalog.family("baseline").graphs(config) == {}
