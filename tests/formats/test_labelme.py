import base64
import io
import json

import numpy as np
import pytest
import shapely
from PIL import Image

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes


def shape(label="cell", points=((0, 0), (4, 0), (4, 4)), kind="polygon", **more):
    return {"label": label, "points": [list(p) for p in points], "shape_type": kind, **more}


def png(mask) -> str:
    content = io.BytesIO()
    Image.fromarray(np.asarray(mask, dtype=np.uint8)).save(content, format="PNG")
    return base64.b64encode(content.getvalue()).decode()


def document(*shapes, **more):
    return {"version": "5.3.1", "flags": {}, "shapes": list(shapes), "imagePath": "a.png", **more}


def save(tmp_path, *shapes, **more):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document(*shapes, **more)))
    return path


def written(tmp_path, found, **more):
    formats.write(tmp_path / "b.labelme.json", found, **more)
    return json.loads((tmp_path / "b.labelme.json").read_text())


def their_mask(row, size):
    """The pixels of a shape of the kind mask as labelme's own `shapes_to_label` paints it."""
    image = np.zeros(size, dtype=bool)
    (x1, y1), (x2, y2) = np.asarray(row["points"]).astype(int)
    picture = Image.open(io.BytesIO(base64.b64decode(row["mask"])))
    image[y1 : y2 + 1, x1 : x2 + 1] = np.array(picture).astype(bool)
    return image


def test_the_keys_that_labelme_demands_are_written(tmp_path):
    content = written(tmp_path, scenes.ring_with_island(), image_name="a.png")
    assert list(content) == [
        *("version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth")
    ]
    assert (content["imagePath"], content["imageHeight"], content["imageWidth"]) == (
        "a.png",
        10,
        12,
    )
    for row in content["shapes"]:
        assert isinstance(row["label"], str)
        assert row["group_id"] is None or isinstance(row["group_id"], int)
        assert all(len(point) == 2 for point in row["points"])
        assert isinstance(row["flags"], dict)


def test_a_hole_is_a_mask_whose_corners_are_its_first_and_last_pixel(tmp_path):
    found = scenes.ring_with_island()
    ring = written(tmp_path, found)["shapes"][0]
    assert ring["shape_type"] == "mask"
    np.testing.assert_array_equal(their_mask(ring, (10, 12)), found[:1].label_image() > 0)


def test_parts_share_a_group_that_no_other_object_has(tmp_path):
    parts = scenes.ring_with_island()[[1]]
    two = Instances.concat([parts, parts.shift(0, 3)])
    rows = written(tmp_path, two)["shapes"]
    assert [row["group_id"] for row in rows] == [1, 1, 2, 2]
    assert len(formats.read(tmp_path / "b.labelme.json")) == 2


def test_shapes_of_one_label_and_group_are_one_object(tmp_path):
    far = [(10, 0), (14, 0), (14, 4)]
    path = save(
        tmp_path,
        shape(group_id=3),
        shape(points=far, group_id=3),
        shape(label="other", points=far, group_id=3),
        shape(points=far, group_id=None),
    )
    found = formats.read(path)
    assert [polygon.geom_type for polygon in found.polygons] == [
        "MultiPolygon",
        "Polygon",
        "Polygon",
    ]
    assert scenes.named(found) == ["cell", "other", "cell"]


def test_every_kind_of_area_is_read_and_the_rest_counted(tmp_path, caplog):
    path = save(
        tmp_path,
        shape(points=[(1, 2), (5, 8)], kind="rectangle"),
        shape(points=[(10, 10), (13, 14)], kind="circle"),
        shape(points=[(2, 3), (4, 4)], kind="mask", mask=png([[1, 1, 0], [0, 1, 1]])),
        shape(points=[(0, 0), (4, 0), (4, 2), (0, 2)], kind="oriented_rectangle"),
        shape(points=[(0, 0), (4, 0), (6, 2), (0, 2)], kind="quadrilateral"),
        shape(points=[(1, 1)], kind="point"),
        shape(points=[(1, 1), (2, 2)], kind="line"),
    )
    (entry,) = formats.read_images(path)
    areas = entry.instances.areas
    np.testing.assert_allclose(areas, [24, np.pi * 25, 4, 8, 10], rtol=0.001)
    assert entry.instances.boxes[2].tolist() == [2, 3, 5, 5]
    assert entry.without_outline == {"point": 1, "line": 1}
    assert "2 of 7 shapes have no area" in caplog.text


def test_flags_descriptions_and_unknown_keys_stay(tmp_path):
    first = shape(flags={"sure": True}, description="left", theirs=[1, {"a": None}])
    path = save(tmp_path, first, flags={"done": True}, imageData=None, author="x")
    (entry,) = formats.read_images(path)
    formats.write_images(tmp_path / "b.labelme.json", [entry])
    content = json.loads((tmp_path / "b.labelme.json").read_text())
    assert content["shapes"][0].items() >= first.items()
    assert (content["flags"], content["author"], content["version"]) == (
        {"done": True},
        "x",
        "5.3.1",
    )


def test_a_mask_without_a_hole_stays_a_mask(tmp_path):
    path = save(tmp_path, shape(points=[(2, 3), (4, 4)], kind="mask", mask=png([[1, 1, 1]] * 2)))
    found = formats.read(path)
    assert found.polygons[0].equals(shapely.box(2, 3, 5, 5))
    assert written(tmp_path, found)["shapes"][0]["shape_type"] == "mask"
    moved = found.shift(0.5, 0)
    assert written(tmp_path, moved)["shapes"][0]["shape_type"] == "polygon"


def test_what_labelme_ignores_is_a_region_to_ignore(tmp_path):
    found = formats.read(save(tmp_path, shape(), shape(label="__ignore__")))
    assert found.ignore.tolist() == [False, True]
    assert found.classes == ("cell",)


def test_a_windows_path_finds_its_image(tmp_path):
    path = save(tmp_path, shape(), imagePath="..\\images\\a 1.png")
    (entry,) = formats.read_images(path)
    assert entry.file_name == "..\\images\\a 1.png"


def test_a_copied_shape_gets_an_id_of_its_own(tmp_path):
    content = written(tmp_path, scenes.ring_with_island())
    content["shapes"].append(content["shapes"][-1])
    (tmp_path / "c.json").write_text(json.dumps(content))
    assert formats.read(tmp_path / "c.json").ids.tolist() == [3, 4, 9, 10]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"label": "x"}], "shape 1 wants a label and points"),
        ([shape(label=None)], "shape 1 has the label None"),
        ([shape(), shape(points=["ab"])], "shape 2: its points are no list"),
        ([shape(points=[(1, 1)], kind="circle")], "no list of .* of a circle"),
        ([shape(points=[(1, 1), (2, 2)], kind="mask", mask="%%")], "of a mask"),
        ([shape(points=[(1, 1), (2, 2)], kind="mask")], "of a mask"),
    ],
)
def test_what_is_wrong_is_said_with_the_shape(tmp_path, rows, sentence):
    with pytest.raises(InputError, match=sentence):
        formats.read(save(tmp_path, *rows))


@pytest.mark.parametrize("height", [0, -3, 4.5, "x", [1]])
def test_a_height_that_is_none_is_refused(tmp_path, height):
    with pytest.raises(InputError, match="has imageHeight"):
        formats.read(save(tmp_path, imageHeight=height, imageWidth=3))


def test_several_images_are_refused(tmp_path):
    entry = ImageAnnotation("a", None, scenes.ring_with_island())
    with pytest.raises(InputError, match="a labelme file is of one image, and there are 2"):
        formats.write_images(tmp_path / "a.labelme.json", [entry, entry])
