"""Which format a file is of, by its ending and its content."""

import json

import pytest

from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances
from tests.formats import scenes


def test_json_is_geojson_or_coco_by_its_content(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.geojson", found)
    (tmp_path / "a.geojson").rename(tmp_path / "a.json")
    scenes.assert_close(found, formats.read(tmp_path / "a.json"))
    formats.write(tmp_path / "b.json", found)
    assert "annotations" in json.loads((tmp_path / "b.json").read_text())
    assert len(formats.read(tmp_path / "b.json")) == 3
    (tmp_path / "c.json").write_text('{"things": []}')
    with pytest.raises(InputError, match="neither GeoJSON"):
        formats.read(tmp_path / "c.json")


@pytest.mark.parametrize("name", ["a.doc", "a", "a.csv.gz"])
def test_other_endings_are_refused_with_the_known_ones(tmp_path, name):
    with pytest.raises(InputError, match=r"none of \.geojson, \.coco\.json, \.json, .*, \.csv"):
        formats.write(tmp_path / name, Instances.empty())
    with pytest.raises(InputError, match="the ending decides the format"):
        formats.read(tmp_path / name)
