"""Statistics of all images of a data set, and what they warn of."""

import numpy as np
import pytest
import shapely

from kontur.data.checks.dataset_statistics import (
    DatasetStatistics,
    data_warnings,
    dataset_statistics,
)
from kontur.data.sample import Sample
from kontur.data.synthetic import scene
from kontur.instances import Instances


def test_the_facts_of_no_images_of_none_without_objects_and_of_some():
    assert dataset_statistics([]) == DatasetStatistics(
        0, 0, frozenset(), None, None, None, None, None
    )
    empty = Sample(np.zeros((8, 8, 2)), Instances.empty((8, 8)), "empty", pixel_size=0.5)
    expected = DatasetStatistics(1, 0, frozenset({2}), *[None] * 4, 0.5, pixel_sizes=(0.5, 0.5))
    assert dataset_statistics([empty]) == expected
    stains = empty.replace(image=np.random.default_rng(0).integers(0, 999, (8, 8, 4)))
    assert dataset_statistics([stains]).channels == {4}
    assert dataset_statistics([stains.replace(image=stains.image.astype(np.uint8))]).channels == {4}
    assert not dataset_statistics([stains]).stains
    assert dataset_statistics([stains.replace(stains=("DAPI", "GFP", "Cy5", "AF750"))]).stains
    full = scene(np.random.default_rng(0), size=(64, 64), count=5)
    ignored = full.instances.replace(ignore=np.arange(len(full.instances)) == 0)
    found = dataset_statistics([empty, full.replace(instances=ignored)])
    assert found.objects == len(ignored) - 1
    assert found.channels == {1, 2}
    assert found.object_size == pytest.approx(np.median(np.sqrt(ignored.areas[1:])))
    left, top, right, bottom = ignored.boxes[1:].T
    sides = np.sqrt((right - left) * (bottom - top))
    assert found.side == pytest.approx(np.percentile(sides, 25))
    assert found.extent == pytest.approx(np.percentile(np.maximum(right - left, bottom - top), 95))


def test_pixels_of_several_sizes_are_no_size_of_the_model_and_are_pointed_out():
    def images(*sides):
        samples = [
            Sample(np.zeros((20, 20, 1), np.uint8), instances, "a", pixel_size=side)
            for side in sides
        ]
        return dataset_statistics(samples)

    instances = Instances.of([shapely.box(2, 2, 12, 12)], size=(20, 20))
    assert images(None, None).pixel_size is None
    assert images(0.25, 0.26, None).pixel_size == pytest.approx(0.255)
    assert data_warnings(images(0.25, 0.26), 1) == data_warnings(images(None), 1) == []
    assert images(0.1, 0.5).pixel_size is None
    (warning,) = data_warnings(images(0.1, 0.5), 1)
    assert warning.startswith("! pixels are of 0.1 to 0.5 µm")
    assert images(0.1, 0.5).at(2).pixel_sizes == (0.05, 0.25)


def test_a_training_without_objects_to_learn_from_or_to_validate_on_says_so():
    empty = Sample(np.zeros((8, 8, 1), np.uint8), Instances.empty((8, 8)), "a")
    (warning,) = data_warnings(dataset_statistics([empty]), 0)
    assert warning.startswith("! no image to learn from has an object")
    objects = Instances.of([shapely.box(2, 2, 6, 6)], size=(8, 8))
    full = Sample(empty.image, objects, "a")
    (warning,) = data_warnings(dataset_statistics([full]), 0)
    assert warning.startswith("! no image to validate on has an object")
