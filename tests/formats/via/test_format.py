import json

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes


def polygon(x=(0, 4, 4), y=(0, 0, 4)):
    return {"name": "polygon", "all_points_x": list(x), "all_points_y": list(y)}


def region(shape, **attributes):
    return {"shape_attributes": shape, "region_attributes": attributes}


def save(tmp_path, *regions, name="via.json", **more):
    image = {"filename": "a.png", "size": 1234, "regions": list(regions), "file_attributes": {}}
    (tmp_path / name).write_text(json.dumps({"a.png1234": {**image, **more}}))
    return tmp_path / name


def test_annotations_alone_and_those_of_version_1_are_read(tmp_path):
    path = save(tmp_path, region(polygon(), cell_type="red cell"))
    (entry,) = formats.read_images(path)
    assert (entry.file_name, entry.instances.classes) == ("a.png", ("red cell",))
    assert entry.instances.polygons[0].equals(shapely.Polygon([(0, 0), (4, 0), (4, 4)]))
    save(tmp_path, regions={"0": region(polygon(), cell_type="red cell"), "1": region(polygon())})
    assert len(formats.read(path)) == 2


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"note": "x", "Class": "late"}, "late"),
        ({"note": "x", "label": "late"}, "late"),
        ({"stage": "late"}, "late"),
        ({"type": {"late": True, "odd": False, "big": True}}, "late, big"),
        ({"note": "x", "stage": "late"}, "object"),
        ({"class": ""}, "object"),
    ],
)
def test_the_class_is_the_attribute_that_is_called_so_or_the_only_one(tmp_path, attributes, name):
    found = formats.read(save(tmp_path, region(polygon(), **attributes)))
    assert scenes.named(found) == [name]


def test_all_areas_are_read_and_the_rest_counted(tmp_path, caplog):
    path = save(
        tmp_path,
        region({"name": "rect", "x": 1, "y": 2, "width": 8, "height": 4}),
        region({"name": "circle", "cx": 10, "cy": 10, "r": 5}),
        region({"name": "ellipse", "cx": 10, "cy": 10, "rx": 4, "ry": 2, "theta": np.pi / 2}),
        region({"name": "polyline", "all_points_x": [1], "all_points_y": [1]}),
        region({"name": "point", "cx": 1, "cy": 1}),
    )
    (entry,) = formats.read_images(path)
    np.testing.assert_allclose(entry.instances.areas, [32, 25 * np.pi, 8 * np.pi], rtol=0.001)
    assert entry.instances.boxes[2].tolist() == [8, 6, 12, 14]
    assert entry.without_outline == {"polyline": 1, "point": 1}
    assert "2 of 5 regions have no area" in caplog.text


@pytest.mark.parametrize("ending", [".via.json", ".via.csv"])
def test_attributes_of_regions_and_images_stay(tmp_path, ending):
    path = save(
        tmp_path,
        region(polygon(), note="x", **{"class": "late"}),
        file_attributes={"plate": "7"},
    )
    formats.write_images(tmp_path / f"b{ending}", formats.read_images(path))
    (entry,) = formats.read_images(tmp_path / f"b{ending}")
    assert entry.extras["via"] == {"size": 1234, "attributes": {"plate": "7"}}
    assert entry.instances.extras[0]["via"] == [{"note": "x"}]


def test_a_project_lists_classes_that_no_object_has(tmp_path):
    found = scenes.ring_with_island().replace(classes=("cell", "ring", "unused"))
    formats.write(tmp_path / "a.via.json", found, image_name="a.png")
    assert formats.read(tmp_path / "a.via.json").classes == ("cell", "ring", "unused")
    content = json.loads((tmp_path / "a.via.json").read_text())
    assert {"_via_settings", "_via_img_metadata", "_via_attributes"} <= content.keys()
    assert content["_via_image_id_list"] == list(content["_via_img_metadata"]) == ["a.png-1"]


@pytest.mark.parametrize("ending", [".via.json", ".via.csv"])
def test_parts_come_back_as_one_object_and_images_without_objects_are_there(tmp_path, ending):
    found = scenes.ring_with_island()[1:]
    entries = [
        ImageAnnotation("a.png", found.size, found),
        ImageAnnotation("b.png", (5, 6), Instances.empty()),
    ]
    formats.write_images(tmp_path / f"a{ending}", entries)
    first, second = formats.read_images(tmp_path / f"a{ending}")
    scenes.assert_close(found, first.instances)
    assert (second.file_name, second.size, len(second.instances)) == ("b.png", (5, 6), 0)
    formats.write_images(tmp_path / f"b{ending}", [first, second])
    assert (tmp_path / f"b{ending}").read_text() == (tmp_path / f"a{ending}").read_text()


def test_a_copied_region_is_an_object_of_its_own(tmp_path):
    formats.write(tmp_path / "a.via.json", scenes.ring_with_island()[2:], image_name="a.png")
    content = json.loads((tmp_path / "a.via.json").read_text())
    regions = content["_via_img_metadata"]["a.png-1"]["regions"]
    regions.append(regions[0])
    (tmp_path / "a.via.json").write_text(json.dumps(content))
    assert formats.read(tmp_path / "a.via.json").ids.tolist() == [9, 10]


def test_that_holes_are_filled_is_said(tmp_path):
    formats.write(tmp_path / "a.geojson", scenes.ring_with_island())
    made = convert(tmp_path / "a.geojson", tmp_path / "a.via.json")
    assert made.losses == ("VIA: holes of 1 object filled",)
    assert formats.read(tmp_path / "a.via.json").areas[0] == 36


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (region({"name": "polygon", "all_points_x": [1, 2, 3]}), "region 1 is a polygon whose"),
        (region(polygon(x=(0, 1))), "region 1 is a polygon whose numbers"),
        (region(polygon(x=(0, 1, "x"))), "region 1 is a polygon whose numbers"),
        (region({"name": "rect", "x": 1, "y": 2, "width": "8", "height": 4}), "is a rect whose"),
        (7, "the regions of .* are no list of objects"),
    ],
)
def test_what_is_wrong_is_said_with_image_and_region(tmp_path, one, sentence):
    with pytest.raises(InputError, match=sentence):
        formats.read(save(tmp_path, one))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ('a.png,1,"{}",1,0,"{""name"":","{}"', "line 2: region_shape_attributes is no JSON"),
        (f'a.png,1,"{{}}",1,0,"{"[" * 90}","{{}}"', "line 2: .* is nested too deeply"),
        ('a.png,1,"{""kontur_size"":""big""}",0,0,"{}","{}"', "kontur_size is 'big'"),
    ],
)
def test_a_damaged_cell_is_said_with_its_line(tmp_path, row, sentence):
    heading = (
        "#filename,file_size,file_attributes,region_count,region_id,"
        "region_shape_attributes,region_attributes"
    )
    (tmp_path / "a.csv").write_text(f"{heading}\n{row}\n")
    with pytest.raises(InputError, match=sentence):
        formats.read_images(tmp_path / "a.csv")
