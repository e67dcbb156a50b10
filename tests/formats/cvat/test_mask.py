"""Masks of CVAT."""

from xml.etree import ElementTree

import numpy as np

from kontur import formats
from tests.formats import scenes


def test_a_hole_is_a_mask_along_the_rows_of_its_box(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.cvat.xml", found, image_name="a.png")
    mask = ElementTree.parse(tmp_path / "a.cvat.xml").getroot().find("image/mask")
    runs = [int(run) for run in mask.get("rle").split(",")]
    box = {key: int(mask.get(key)) for key in ("left", "top", "width", "height")}
    pixels = np.repeat(np.arange(len(runs)) % 2, runs).reshape(box["height"], box["width"])
    painted = np.zeros((10, 12), dtype=int)
    painted[box["top"] :, box["left"] :][: box["height"], : box["width"]] = pixels
    np.testing.assert_array_equal(painted, found[:1].label_image() > 0)
