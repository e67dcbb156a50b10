"""Objects that the border of an image cuts."""

import shapely

from kontur.data.transforms.warp import cut
from kontur.instances import Instances


def test_a_cut_object_stays_one_where_enough_of_it_shows_and_is_ignored_elsewhere():
    size = (50, 50)
    boxes = {
        "inside": shapely.box(10, 10, 12, 12),
        "half": shapely.box(-4, 20, 4, 24),
        "sliver": shapely.box(-9, 30, 1, 34),
        "large piece": shapely.box(20, 30, 30, 900),
        "speck": shapely.box(-9, 40, 0.2, 44),
        "outside": shapely.box(60, 60, 70, 70),
        "beside": shapely.box(50, 0, 60, 10),
    }
    whole = Instances.of(list(boxes.values()), extras=[{"name": name} for name in boxes])
    pieces = cut(whole, size)
    fate = {extra["name"]: bool(i) for extra, i in zip(pieces.extras, pieces.ignore, strict=True)}
    assert fate == {"inside": False, "half": False, "sliver": True, "large piece": False}
    assert pieces.areas.tolist() == [4, 16, 4, 200]
    assert pieces.ids.tolist() == [1, 2, 3, 4]
    assert cut(whole, size, min_share=0, min_area=0).ignore.sum() == 0
    assert cut(Instances.empty((9, 9)), size).size == size


def test_an_object_that_was_ignored_stays_ignored():
    crowd = Instances.of([shapely.box(-10, 0, 30, 30)], ignore=[True])
    assert cut(crowd, (20, 20)).ignore.tolist() == [True]
