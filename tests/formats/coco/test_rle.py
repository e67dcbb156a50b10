import hypothesis
import numpy as np
import pytest
import shapely
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as reference

from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.coco import format as coco
from kontur.formats.coco import rle
from kontur.instances import Instances

masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(masks)
def test_the_code_is_that_of_pycocotools_and_comes_back(mask):
    code = rle.encode(mask)
    theirs = reference.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert rle.from_string(theirs["counts"]) == code["counts"]
    for counts in (code["counts"], theirs["counts"], theirs["counts"].decode()):
        np.testing.assert_array_equal(rle.decode({**code, "counts": counts}), mask)


@pytest.mark.parametrize(
    "code",
    [
        {"size": [2, 2]},
        {"counts": [4]},
        {"size": [2, 2], "counts": [3]},
        {"size": [2, 2], "counts": [5, -1]},
        {"size": [2], "counts": [2]},
        {"size": [2, 2], "counts": "P"},
        {"size": [2, 2], "counts": "é"},
        {"size": [2, 2], "counts": [[1, 2], 3]},
        {"size": [2, 2], "counts": {}},
        7,
    ],
)
def test_a_broken_code_is_refused(code):
    with pytest.raises(InputError, match="run-length"):
        rle.decode(code)


def test_a_code_larger_than_its_image_or_mask_is_refused_before_anything_is_made():
    wrong = {"size": [10**6, 10**6], "counts": [0, 10**12]}
    with pytest.raises(InputError, match="its image 8×9"):
        rle.decode_window(wrong, size=(8, 9))
    with pytest.raises(InputError, match="too large"):
        rle.decode_window(wrong)
    for counts in ([0, 10**15], [-5, 77], [0.5, 71.5], "l" * 40, [10**400]):
        with pytest.raises(InputError, match="run-length code"):
            rle.decode_window({"size": [8, 9], "counts": counts})


def test_small_objects_of_a_huge_image_cost_what_they_are():
    ring = shapely.box(9, 9, 30, 30).difference(shapely.box(15, 15, 20, 20))
    far = shapely.affinity.translate(ring, 900_000, 900_000)
    found = Instances.of([ring, far], size=(10**6, 10**6))
    (again,) = coco.from_document(coco.to_document([ImageAnnotation("a", found.size, found)]))
    assert np.array_equal(again.instances.areas, found.areas)
    assert again.instances.boxes.tolist() == found.boxes.tolist()


def test_a_size_whose_width_and_height_are_exchanged_is_said_to_be_so():
    code = rle.encode(np.ones((4, 6), bool))
    with pytest.raises(InputError, match=r"size 4×6, its image 6×4; .* exchange them"):
        rle.decode_window(code, size=(6, 4))
    with pytest.raises(InputError, match=r"size 4×6, its image 4×5$"):
        rle.decode_window(code, size=(4, 5))
