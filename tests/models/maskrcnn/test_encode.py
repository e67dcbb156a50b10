"""Targets of Mask R-CNN: true boxes and masks, cut out again as they were drawn."""

import pytest
import torch
from numpy.testing import assert_array_equal

from kontur.instances import Instances
from kontur.models.maskrcnn.loss import cut_masks
from tests.models.maskrcnn.drawn import SHAPES, SIZE, scene, targets


def test_collating_tells_the_images_apart():
    found = targets(scene(), Instances.empty(SIZE, ("a", "b")), scene())
    assert found.image_index.tolist() == [0, 0, 0, 2, 2, 2]
    assert sorted(set(found.anchor_index.tolist())) == [0, 1, 2]
    assert found.seeds.shape == (3,)
    assert len(set(found.seeds.tolist())) == 3
    whole = torch.tensor([[36.0, 26, 64, 54]] * 2)
    first, second = cut_masks(whole, torch.tensor([1, 4]), found, 14)
    assert torch.equal(first, second)


def test_what_is_ignored_is_no_object():
    found = targets(scene(ignore=[False, True, False]))
    assert found.labels.tolist() == [0, 1]
    assert_array_equal(found.ignored, [[36, 26, 64, 54]])


def test_wrong_sizes_and_labels_are_reported_in_a_sentence():
    with pytest.raises(ValueError, match="multiples of the coarsest level's stride 16"):
        targets(scene().replace(size=(64, 90)))
    with pytest.raises(ValueError, match="size None"):
        targets(scene().replace(size=None))
    with pytest.raises(ValueError, match=r"2 classes \(a, b\), got the label 2"):
        targets(Instances.of(SHAPES, [0, 1, 2], size=SIZE, classes=("a", "b", "c")))
