"""What is refused when objects are made, in one sentence."""

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from kontur.errors import InputError
from kontur.instances import Instances
from tests.instances.drawn import several


@pytest.mark.parametrize(
    ("polygon", "sentence"),
    [
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "number 2 is not .Self-intersection"),
        (Polygon(), "number 2 is not .it is empty"),
        (box(0, 0, 1e300, 1), "at most 1e.09; number 2 reaches 1e.300; is it in another unit"),
        (shapely.Point(1, 2), "number 2 is Point"),
        (None, "number 2 is nothing"),
    ],
)
def test_only_valid_polygons_with_area_are_objects(polygon, sentence):
    with pytest.raises(InputError, match=sentence):
        Instances.of([box(0, 0, 1, 1), polygon])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"labels": [0, 2]}, "labels index the 2 classes a, b from 0, got labels from 0 to 2"),
        ({"labels": [-1, 0]}, "labels from -1"),
        ({"labels": [0.5, 0]}, "labels must be integers, got float64"),
        ({"labels": [0]}, "labels needs one value for each of 2 objects"),
        ({"scores": [0.5, 1.5]}, r"scores must lie in \[0, 1\]"),
        ({"scores": [[0.5], [0.5]]}, "scores needs one value for each of 2 objects"),
        ({"ids": [4, 4]}, "ids must be unique in an image, got 4 more than once"),
        ({"extras": [{}]}, "extras needs one entry for each of 2 objects, got 1"),
        ({"classes": []}, "at least one name"),
        ({"size": (-1, 4)}, "cannot be negative"),
    ],
)
def test_fields_that_do_not_fit_are_refused_in_one_sentence(fields, sentence):
    polygons = [box(0, 0, 1, 1), box(2, 2, 3, 3)]
    with pytest.raises(InputError, match=sentence):
        Instances.of(polygons, **({"classes": ("a", "b")} | fields))
    with pytest.raises(InputError, match=sentence):
        several()[:2].replace(**({"classes": ("a", "b")} | fields))


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (("a", "b", "a"), "names of classes must be unique, got 'a' more than once"),
        ("nucleus", "needs a sequence of names, got the text 'nucleus'"),
    ],
)
def test_names_of_classes_are_unique_and_several(classes, sentence):
    for make in (
        lambda: Instances.of([box(0, 0, 1, 1)], classes=classes),
        lambda: Instances.empty(classes=classes),
        lambda: Instances.from_label_image(np.ones((2, 2), np.uint8), classes),
        lambda: several().replace(classes=classes),
    ):
        with pytest.raises(InputError, match=sentence):
            make()


def test_numbers_beyond_63_bits_are_refused_and_not_wrapped():
    with pytest.raises(InputError, match="ids must fit into 63 bits, got 9223372036854775809"):
        Instances.of([box(0, 0, 1, 1)], ids=np.array([2**63 + 1], dtype=np.uint64))
