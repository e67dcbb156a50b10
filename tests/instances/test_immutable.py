import copy
import json
import pickle

import numpy as np
import pytest
from shapely import box

from kontur.instances import Instances
from tests.instances.drawn import several


@pytest.mark.parametrize("name", ["polygons", "labels", "scores", "ids", "ignore"])
def test_arrays_cannot_be_written_to_however_the_objects_were_made(name):
    made = several()
    image = made.label_image()
    for found in (
        made,
        made[1:],
        made[[2, 0]],
        made.replace(scores=[0.1, 0.2, 0.3]),
        made.shift(1, 0),
        made.clip((9, 9)),
        made.with_polygon(0, box(0, 0, 1, 1)),
        Instances.concat([made, made]),
        Instances.from_label_image(image, made.classes),
        Instances.from_masks([image > 0]),
        Instances.empty(),
        pickle.loads(pickle.dumps(made)),
        copy.deepcopy(made),
    ):
        array = getattr(found, name)
        with pytest.raises(ValueError, match="read-only"):
            array[...] = array.copy()


def test_what_a_caller_gave_stays_writable_and_does_not_reach_the_objects():
    polygons = np.array([box(0, 0, 1, 1), box(2, 2, 3, 3)])
    ids, extras = np.array([4, 5]), [{"color": [1, 2]}, {}]
    found = Instances.of_valid(polygons, ids=ids, extras=extras)
    polygons[0], ids[0] = box(0, 0, 9, 9), 5
    extras[0]["color"].append(3)
    assert found.areas.tolist() == [1, 1]
    assert found.ids.tolist() == [4, 5]
    assert found.extras[0] == {"color": [1, 2]}


def test_extras_cannot_be_written_to_at_any_depth_and_read_like_any_other():
    extra = {"coco": {"bbox": [1, 2, {"deep": []}], "name": "a"}}
    found = several().replace(extras=[extra, {}, {}])
    for same in (found, found[:1], pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        kept = same.extras[0]
        assert kept == extra
        assert json.loads(json.dumps(kept)) == extra
        assert {**kept, "more": 1} == extra | {"more": 1} == kept | {"more": 1}
        for change in (
            lambda kept=kept: kept.update(a=1),
            lambda kept=kept: kept.pop("coco"),
            lambda kept=kept: kept["coco"].setdefault("a", 1),
            lambda kept=kept: kept["coco"]["bbox"].append(1),
            lambda kept=kept: kept["coco"]["bbox"][2]["deep"].extend([1]),
        ):
            with pytest.raises(TypeError, match="cannot be changed in place"):
                change()
        assert kept == extra
