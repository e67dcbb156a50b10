"""Targets of the U-Nets: three classes against a loop, one-pixel objects, ignore regions."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kontur.data.synthetic import scene
from kontur.instances import Instances
from kontur.models.unet.config import BORDER, INTERIOR, UNetConfig
from kontur.models.unet.encode import collate, encode, three_classes
from tests.naive import geometry as naive

SIZE = (12, 16)
LABELS = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: arrays(np.int64, size, elements=st.integers(0, 3))
)


@given(LABELS, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_the_three_classes_are_those_of_a_loop_over_pixels(owners, border):
    owners = (
        np.unique(owners, return_inverse=True)[1].reshape(owners.shape) if 0 in owners else owners
    )
    assert (three_classes(owners, border) == naive.three_classes(owners, border)).all()


def test_touching_objects_have_a_border_between_their_interiors():
    pair = Instances.of([shapely.box(0, 0, 8, 12), shapely.box(8, 0, 16, 12)], size=SIZE)
    pixels = encode(pair, UNetConfig(border=2)).pixels[0]
    row = pixels[6].tolist()
    assert row == [INTERIOR] * 6 + [BORDER] * 4 + [INTERIOR] * 6  # the image's frame is no outline


def test_an_object_of_one_pixel_is_interior_and_one_of_three_has_an_interior():
    objects = Instances.of([shapely.box(2, 2, 3, 3), shapely.box(6, 6, 9, 9)], size=SIZE)
    pixels = encode(objects, UNetConfig(border=3)).pixels[0]
    assert pixels[2, 2] == INTERIOR
    assert (pixels == INTERIOR).sum() == 2
    assert (pixels == BORDER).sum() == 8


def test_thin_objects_are_not_cut_to_pieces():
    worm = shapely.LineString([(2, 3), (8, 9), (14, 3)]).buffer(1.5)
    pixels = encode(Instances.of([worm], size=SIZE), UNetConfig(border=4)).pixels[0]
    assert (pixels == INTERIOR).sum() > 10


def test_labels_are_those_of_the_objects_and_unsure_elsewhere():
    objects = Instances.of(
        [shapely.box(0, 0, 4, 4), shapely.box(6, 0, 10, 4)], [1, 0], size=SIZE, classes=("a", "b")
    )
    targets = encode(objects, UNetConfig(classes=("a", "b")))
    assert targets.labels[0, 1].tolist() == [1] * 4 + [-1] * 2 + [0] * 4 + [-1] * 6
    semantic = encode(objects, UNetConfig(classes=("a", "b"), task="semantic"))
    assert semantic.pixels[0, 1].tolist() == [2] * 4 + [0] * 2 + [1] * 4 + [0] * 6


@pytest.mark.parametrize("task", ["instances", "semantic"])
def test_regions_to_ignore_are_unsure_unless_an_object_lies_there(task):
    objects = Instances.of(
        [shapely.box(0, 0, 4, 4), shapely.box(2, 0, 10, 4)], ignore=[False, True], size=SIZE
    )
    pixels = encode(objects, UNetConfig(task=task)).pixels[0]
    assert (pixels[:4, :4] > 0).all()
    assert (pixels[:4, 4:10] == -1).all()
    assert (pixels[4:] == 0).all()


def test_no_object_gives_background_and_nothing_of_unknown_size_is_taken():
    targets = encode(Instances.empty(SIZE), UNetConfig())
    assert not targets.pixels.any()
    assert (targets.labels == -1).all()
    with pytest.raises(ValueError, match="their image's size"):
        encode(Instances.empty(), UNetConfig())
    wrong = Instances.of([shapely.box(0, 0, 2, 2)], [1], size=SIZE, classes=("a", "b"))
    with pytest.raises(ValueError, match=r"1 classes \(object\), got the label 1"):
        encode(wrong, UNetConfig())


def test_a_batch_is_its_images_one_after_another():
    rng = np.random.default_rng(0)
    each = [encode(scene(rng, size=SIZE, count=n).instances, UNetConfig()) for n in (0, 2)]
    batch = collate(each)
    assert batch.pixels.shape == batch.labels.shape == (2, *SIZE)
    assert (batch.pixels[1] == each[1].pixels[0]).all()
