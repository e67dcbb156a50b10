from xml.etree import ElementTree

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes

IMAGE = '<image id="7" name="set 1/a.png" subset="Train" width="40" height="30">{}</image>'
POINTS = 'points="1.00,2.00;9.50,2.00;9.50,7.25"'


def save(tmp_path, shapes, *, meta="", image=IMAGE):
    path = tmp_path / "annotations.xml"
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{meta}'
    path.write_text(f"{head}{image.format(shapes)}</annotations>", encoding="utf-8")
    return path


def rewritten(tmp_path, path):
    formats.write_images(tmp_path / "b.cvat.xml", formats.read_images(path))
    return ElementTree.parse(tmp_path / "b.cvat.xml").getroot()


def test_polygons_of_one_label_and_group_are_one_object(tmp_path):
    far = 'points="20,2;29,2;29,7"'
    path = save(
        tmp_path,
        f'<polygon label="red cell" {POINTS} group_id="2"/><polygon label="x" {far} group_id="2"/>'
        f'<polygon label="red cell" {far} group_id="2"/><polygon label="x" {POINTS}/>',
    )
    (entry,) = formats.read_images(path)
    assert (entry.file_name, entry.size) == ("Train/set 1/a.png", (30, 40))
    assert [p.geom_type for p in entry.instances.polygons] == ["MultiPolygon", "Polygon", "Polygon"]
    assert scenes.named(entry.instances) == ["red cell", "x", "x"]


def test_a_box_around_the_shapes_of_its_group_is_no_part_of_the_object(tmp_path):
    box = '<box label="x" xtl="1.00" ytl="2.00" xbr="9.50" ybr="7.25" group_id="2"/>'
    far = '<box label="x" xtl="20" ytl="2" xbr="24" ybr="7" group_id="4"/>'
    alone = '<box label="x" xtl="30" ytl="2" xbr="34" ybr="7" group_id="5"/>'
    path = save(
        tmp_path,
        f'{box}<polygon label="x" {POINTS} group_id="2"/>{far}{alone}'
        f'<polygon label="x" {POINTS} group_id="4"/>',
    )
    (entry,) = formats.read_images(path)
    triangle = 8.5 * 5.25 / 2
    np.testing.assert_allclose(entry.instances.areas, [triangle, 20 + triangle, 20])


def test_all_areas_are_read_and_the_rest_counted(tmp_path, caplog):
    path = save(
        tmp_path,
        '<box label="x" xtl="1" ytl="2" xbr="9" ybr="6"/>'
        '<box label="x" xtl="10" ytl="10" xbr="20" ybr="12" rotation="90.0"/>'
        '<ellipse label="x" cx="20" cy="15" rx="4" ry="2"/>'
        '<mask label="x" rle="1, 2, 1" left="5" top="3" width="2" height="2"/>'
        '<polyline label="x" points="1,1;2,2"/><points label="x" points="1,1"/><tag label="x"/>',
    )
    (entry,) = formats.read_images(path)
    np.testing.assert_allclose(entry.instances.areas, [32, 20, 8 * np.pi, 2], rtol=0.001)
    assert entry.instances.boxes[1].tolist() == [14, 6, 16, 16]
    assert entry.instances.boxes[3].tolist() == [5, 3, 7, 5]
    assert entry.without_outline == {"polyline": 1, "points": 1, "tag": 1}
    assert "3 of 7 shapes have no area" in caplog.text


def test_attributes_of_shapes_and_images_and_all_labels_stay(tmp_path):
    meta = "<meta><task><labels>" + "".join(
        f"<label><name>{name}</name><color>#112233</color></label>" for name in ("unused", "x")
    )
    shape = (
        f'<polygon label="x" source="semi-auto" occluded="1" {POINTS} z_order="3">'
        '<attribute name="stage">late &amp; odd</attribute></polygon>'
    )
    root = rewritten(tmp_path, save(tmp_path, shape, meta=meta + "</labels></task></meta>"))
    assert [name.text for name in root.findall("meta/task/labels/label/name")] == ["unused", "x"]
    (image,) = root.findall("image")
    assert (image.get("name"), image.get("subset")) == ("set 1/a.png", "Train")
    (polygon,) = image.findall("polygon")
    assert [polygon.get(key) for key in ("source", "occluded", "z_order")] == [
        "semi-auto",
        "1",
        "3",
    ]
    attributes = {child.get("name"): child.text for child in polygon}
    assert attributes == {"stage": "late & odd", "kontur_id": "1"}


def test_several_images_share_a_file_and_one_without_objects_is_there(tmp_path):
    found = scenes.ring_with_island()
    entries = [
        ImageAnnotation("a.png", found.size, found),
        ImageAnnotation("b.png", None, Instances.empty()),
    ]
    formats.write_images(tmp_path / "a.cvat.xml", entries)
    read = formats.read_images(tmp_path / "a.cvat.xml")
    assert [(e.file_name, e.size, len(e.instances)) for e in read] == [
        ("a.png", (10, 12), 3),
        ("b.png", None, 0),
    ]


def test_letters_that_xml_cannot_hold_are_replaced(tmp_path):
    found = Instances.of([shapely.box(0, 0, 2, 2)], classes=('a\0b<&"é😀',))
    formats.write(tmp_path / "a.cvat.xml", found)
    assert formats.read(tmp_path / "a.cvat.xml").classes == ('a\ufffdb<&"é😀',)


def test_convert_says_nothing_is_lost(tmp_path):
    formats.write(tmp_path / "a.geojson", scenes.ring_with_island())
    assert convert(tmp_path / "a.geojson", tmp_path / "a.cvat.xml").losses == ()


BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><annotations>&i;</annotations>"
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no XML or is cut short"),
        ("<annotations><image", "is no XML or is cut short"),
        ("<annotation/>", "begins with <annotation>"),
        ("<annotations>" + "<a>" * 100 + "</a>" * 100 + "</annotations>", "nested too deeply"),
        ("<annotations><track id='0'/></annotations>", "the tracks of a video"),
        (BOMB, "is no XML or is cut short"),
        ('<?xml version="1.0" encoding="nonsense"?><annotations/>', "is no XML"),
    ],
)
def test_what_is_no_file_of_cvat_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(InputError, match=sentence):
        formats.read_images(tmp_path / "a.xml")


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ("<polygon points='1,1;2,2;3,1'/>", "a polygon has no label"),
        ("<polygon label='x'/>", "a polygon of 'x' cannot be read: it has no 'points'"),
        ("<polygon label='x' points='1,1;2'/>", "its points are no x,y;x,y"),
        ("<polygon label='x' points='1,one;2,2;3,3'/>", "could not convert"),
        (
            "<mask label='x' rle='1,2' left='0' top='0' width='2' height='2'/>",
            "runs cover 3 pixels",
        ),
        ("<mask label='x' rle='9' left='0' top='0' width='1e9' height='1e9'/>", "is too large"),
        (
            f"<mask label='x' rle='{2**62},{2**62},{2**63 - 4}' left='0' top='0' width='2' "
            "height='2'/>",
            "runs cover",
        ),
        ("<mask label='x' rle='1' left='0' top='0' width='nan' height='2'/>", "cannot be read"),
        ("<box label='x' xtl='1' ytl='2' xbr='3'/>", "it has no 'ybr'"),
    ],
)
def test_what_is_wrong_is_said_with_image_and_shape(tmp_path, shape, sentence):
    with pytest.raises(InputError, match=sentence):
        formats.read_images(save(tmp_path, shape))


@pytest.mark.parametrize("height", ["0", "-3", "4.5", "x", "9" * 5000])
def test_a_height_that_is_none_is_refused(tmp_path, height):
    image = f'<image name="a.png" width="40" height="{height}">{{}}</image>'
    with pytest.raises(InputError, match=r"a\.png has height"):
        formats.read_images(save(tmp_path, "", image=image))
