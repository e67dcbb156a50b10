"""Brushes of Label Studio as masks."""

import numpy as np

from kontur import formats
from kontur.formats.label_studio import brush as label_studio_brush
from tests.formats import scenes
from tests.formats.label_studio.tasks import result, save


def packed(mask):
    """A brush mask as rle-pack writes it, each byte in a stretch of its own or in runs."""
    flat = np.repeat((mask.astype(np.uint8) * 255).ravel(), 4)
    lengths = (2, 4, 8, 16)  # bits
    bits = f"{len(flat):032b}{7:05b}" + "".join(f"{n - 1:04b}" for n in lengths)
    at = 0
    while at < len(flat):
        same = int(np.argmax(np.append(flat[at:], 7) != flat[at]))
        if same > 4:
            bits += f"1{2:02b}{min(same, 256) - 1:08b}{flat[at]:08b}"
            at += min(same, 256)
        else:
            bits += f"0{0:02b}{3:02b}" + "".join(f"{value:08b}" for value in flat[at : at + 4])
            at += 4
    bits += "0" * (-len(bits) % 8)
    return [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]


def test_brushes_are_masks_with_holes(tmp_path):
    mask = np.zeros((30, 40), dtype=bool)
    mask[3:20, 5:30], mask[7:9, 9:12], mask[29, 39] = True, False, True
    found = formats.read(save(tmp_path, result("brushlabels", rle=packed(mask), brushlabels=["x"])))
    np.testing.assert_array_equal(found.label_image() > 0, mask)


def test_a_brush_is_one_object_whatever_tool_drew_it_and_in_how_many_results(tmp_path):
    mask = np.zeros((30, 40), dtype=bool)
    mask[3:20, 5:30] = True
    one = result("magicwand", format="rle", rle=packed(mask))
    again = result("brushlabels", format="rle", rle=packed(mask), brushlabels=["x"])
    other = {**result("brush", rle=packed(mask[::-1])), "id": "r2"}
    found = formats.read(save(tmp_path, one, again, other))
    assert scenes.named(found) == ["x", "object"]
    np.testing.assert_array_equal(found[[0]].label_image() > 0, mask)


def test_a_damaged_brush_never_makes_more_than_its_image():
    mask = np.ones((6, 5), dtype=bool)
    code = packed(mask)
    rng = np.random.default_rng(0)
    for _ in range(300):
        changed = list(code)
        changed[rng.integers(len(code))] = int(rng.integers(256))
        try:
            assert label_studio_brush.decode(changed, (6, 5)).shape == (6, 5)
        except ValueError as error:
            assert str(error).startswith("its code")  # noqa: PT017
