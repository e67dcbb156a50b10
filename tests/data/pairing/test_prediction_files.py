import pytest
import shapely

import kontur
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
