import pytest
import shapely

import kontur
from kontur.data import file_names
from kontur.data.pairing import prediction_files as module
from kontur.data.pairing.find_predictions import find_predictions
from kontur.data.pairing.prediction_files import prediction_files
from kontur.instances import Instances


@pytest.mark.parametrize(
    "name",
    [
        "a.rois.zip",
        "a.labelme.json",
        "a.geo.parquet",
        "a.via.json",
        "a.labels.tif",
        "a.ome.tif",
        "a.labels.ome.zarr",
        "a.geojson",
        "a_masks.png",
    ],
)
def test_a_file_by_itself_is_of_the_image_of_its_name(tmp_path, name):
    objects = Instances.of([shapely.box(2, 2, 12, 12)], size=(20, 30))
    kontur.write(tmp_path / name, objects)
    assert [*prediction_files(tmp_path / name)] == ["a"]
    ((found, read),) = find_predictions(tmp_path / name).items()
    assert (found, len(read())) == ("a", 1)


def test_a_folder_is_gone_through_once_however_many_formats_there_are(tmp_path, monkeypatch):
    objects = Instances.of([shapely.box(2, 2, 12, 12)], size=(20, 30))
    for name in ("a.geojson", "b.labels.tif", "c.csv"):
        kontur.write(tmp_path / name, objects)
    seen = []
    walk = file_names.walk
    monkeypatch.setattr(module, "walk", lambda place: seen.append(place) or walk(place))
    assert [*prediction_files(tmp_path)] == ["a", "b", "c"]
    assert seen == [tmp_path]
