"""Projects of VIA 3: shapes that are read, projects that are not."""

import numpy as np
import pytest

from kontur import formats
from kontur.errors import InputError
from tests.data import published


def test_a_via_3_project_of_a_video_and_damaged_ones_are_refused_in_a_sentence(tmp_path):
    def refused(change, sentence, name="p.json"):
        store = published.via_3_store()
        change(store)
        published.write(tmp_path / name, store)
        with pytest.raises(InputError, match=sentence):
            formats.read_images(tmp_path / name)

    refused(lambda s: s["file"]["1"].update(type=4), "project of videos")
    refused(lambda s: s["view"]["1"].update(fid_list=["9"]), "view 1 has no file")
    refused(lambda s: s["metadata"]["1_0"].update(vid="9"), "of no view that is there")
    refused(lambda s: s["metadata"]["1_0"].update(xy=[77, 1, 2]), "which VIA 3 has not")
    refused(lambda s: s["metadata"]["1_0"].update(xy=[8, 1, "x"]), "no numbers")
    refused(lambda s: s["metadata"]["1_0"].update(xy=[7, 1, 2, 3]), "numbers are missing or none")
    published.via_3_csv(tmp_path)
    path = tmp_path / "via_project.csv"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(InputError, match="cut short"):
        formats.read_images(path)


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ([2, 3, 4, 10, 5], [3, 4, 13, 9]),
        ([3, 20, 20, 5], [15, 15, 25, 25]),
        ([4, 20, 20, 5, 8], [15, 12, 25, 28]),
        ([8, 5, 10, 12, 4, 20, 9, 11, 18], [5, 4, 20, 18]),
        ([9, 25, 20, 20, 25, 15, 20], [15, 15, 25, 25]),
    ],
)
def test_every_shape_of_via_3_that_has_an_area_is_read(tmp_path, place, box):
    store = published.via_3_store()
    store["metadata"] = {"m": {"vid": "1", "flg": 0, "z": [], "xy": place, "av": {"1": "1"}}}
    published.write(tmp_path / "p.json", store)
    first, second = formats.read_images(tmp_path / "p.json")
    assert len(second.instances) == 0
    np.testing.assert_allclose(first.instances.boxes, [box], atol=0.02)
    assert first.instances.classes == ("red cell",)
