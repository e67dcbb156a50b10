import pytest
import shapely

import kontur
from kontur.data.pairing import find_predictions, pair, prediction_files
from kontur.errors import InputError
from kontur.instances import Instances


def test_names_match_whole_or_by_their_last_part():
    assert pair(["val/a", "b"], ["a", "b", "c"]) == {"val/a": "a", "b": "b"}
    assert pair(["a", "p/a"], ["p/a", "a"]) == {"a": "a", "p/a": "p/a"}
    with pytest.raises(InputError, match=r"p/a, q/a could all be of the image 'a'"):
        pair(["a"], ["p/a", "q/a"])
    with pytest.raises(InputError, match=r"--split"):
        pair(["train/a", "val/a"], ["a"])


def test_the_first_channel_of_a_case_of_nnunet_is_matched_with_the_case():
    assert pair(["t/a_0000", "b_0000"], ["b", "a"]) == {"t/a_0000": "a", "b_0000": "b"}
    assert pair(["a", "b"], ["a_0000", "b_0000"]) == {"a": "a_0000", "b": "b_0000"}
    assert pair(["film_0000", "film_0001"], ["film"]) == {}
    assert pair(["a_0000"], ["a_0000", "a"]) == {"a_0000": "a_0000"}
    assert pair(["a_0000"], ["a_0001"]) == {}


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
