"""What a file says of where an object belongs: identities that occur twice, planes, no outlines."""

import json

import pytest

from kontur import formats
from kontur.errors import InputError


def feature(x, **geometry):
    ring = [[x, 0], [x + 3, 0], [x + 3, 3], [x, 3], [x, 0]]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring], **geometry}}


def test_features_without_area_are_counted_by_kind(tmp_path, caplog):
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    none = {"type": "Feature", "geometry": None}
    (tmp_path / "a.geojson").write_text(json.dumps([feature(0), point, none, none]))
    (entry,) = formats.read_images(tmp_path / "a.geojson")
    assert entry.without_outline == {"Point": 1, "no geometry": 2}
    assert "3 of 4 features have no area (1 × Point, 2 × no geometry)" in caplog.text


def test_outlines_on_several_planes_land_where_their_file_says(tmp_path, caplog):
    features = [feature(0), *(feature(x, plane={"c": -1, "z": 3, "t": 0}) for x in (10, 20))]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(features))
    with pytest.raises(InputError, match=r"on 2 planes of a stack \(depth 0, 3\).*--page"):
        formats.read(path)
    assert formats.read(path, page=0).boxes[:, 0].tolist() == [0]
    assert formats.read(path, page=3).boxes[:, 0].tolist() == [10, 20]
    assert len(formats.read(path, page=1)) == 0
    assert "no outline is on page 1; they are on 0, 3" in caplog.text
    formats.write_images(tmp_path / "b.geojson", formats.read_images(path))
    planes = [
        one["geometry"].get("plane", {}).get("z", 0)
        for one in json.loads((tmp_path / "b.geojson").read_text())["features"]
    ]
    assert planes == [0, 3, 3]
    path.write_text(json.dumps(features[:1]))  # names none: they belong to any page
    assert len(formats.read(path, page=7)) == 1


def test_planes_of_both_depth_and_time_are_refused_for_one_page(tmp_path):
    planes = [{"z": 1, "t": 0}, {"z": 0, "t": 1}]
    content = [feature(10 * x, plane=plane) for x, plane in enumerate(planes)]
    (tmp_path / "a.geojson").write_text(json.dumps(content))
    with pytest.raises(InputError, match="several depths and times"):
        formats.read(tmp_path / "a.geojson", page=1)
    (tmp_path / "b.geojson").write_text(json.dumps(content[1:]))
    assert len(formats.read(tmp_path / "b.geojson", page=1)) == 1
