"""What OME-Zarr says of each value of a label image, over many planes."""

import json
import tracemalloc

import numpy as np
import shapely

from kontur.display.colours import GREY, class_colour
from kontur.files.json_rows import chunks
from kontur.formats.ome_zarr.properties import EXTRAS, image_label, with_properties
from kontur.formats.tracks import parents_of, tracks_of, with_tracks
from kontur.instances import Instances
from kontur.instances.plane import Plane

BOX = shapely.box(0, 0, 3, 3)
NAMES = ("cell", "debris")


def plane(t, ids, labels, scores, ignore=()):
    return Instances.of([BOX] * len(ids), size=(9, 9), classes=NAMES).replace(
        plane=Plane(t=t),
        ids=np.array(ids),
        labels=np.array(labels),
        scores=np.array(scores, float),
        ignore=np.isin(ids, ignore),
    )


def test_a_value_has_the_words_of_its_first_object_and_beside_them_those_that_differ():
    label = image_label(
        [
            plane(0, [5, 2, -4], [0, 1, 0], [0.5, np.nan, np.nan], ignore=[-4]),
            plane(1, [2, 5], [1, 0], [np.nan, 0.5]),
            plane(2, [5, 7, 2], [1, 0, 1], [0.5, 0.25, 0.125]),
        ]
    )
    first, other = ([*class_colour(number), 255] for number in (0, 1))
    assert json.loads("".join(chunks(label))) == {
        "colors": [
            {"label-value": 5, "rgba": other},  # of its last object
            {"label-value": 2, "rgba": other},
            {"label-value": -4, "rgba": [*GREY, 255]},
            {"label-value": 7, "rgba": first},
        ],
        "properties": [
            {
                "label-value": 5,
                "class": "cell",
                "score": 0.5,
                "kontur": [{"plane": [0, 2], "class": "debris", "score": 0.5}],
            },
            {
                "label-value": 2,
                "class": "debris",
                "kontur": [{"plane": [0, 2], "class": "debris", "score": 0.125}],
            },
            {"label-value": -4, "class": "cell"},
            {"label-value": 7, "class": "cell", "score": 0.25},
        ],
        "kontur": {"classes": ["cell", "debris"]},
    }


def test_a_track_and_its_parent_come_back_and_nothing_but_what_another_program_told_is_kept():
    planes = [plane(t, [5, 2], [0, 0], [0.5, 0.5 + t / 4]) for t in range(2)]
    planes = [planes[0], with_tracks(planes[1], np.array([7, np.nan]), np.array([3, np.nan]))]
    label = json.loads("".join(chunks(image_label(planes))))
    label["properties"][1] |= {"track": "left", "stain": "DAPI"}  # no number of a track
    first, second = (with_properties(one.replace(extras=[{}, {}]), label, "a") for one in planes)
    np.testing.assert_array_equal(tracks_of(first), [np.nan, np.nan])
    np.testing.assert_array_equal(tracks_of(second), [7, np.nan])
    np.testing.assert_array_equal(parents_of(second), [3, np.nan])
    assert [extra.get(EXTRAS) for extra in first.extras] == [
        None,
        {"track": "left", "stain": "DAPI"},
    ]
    assert [extra.get(EXTRAS) for extra in second.extras] == [None, {"stain": "DAPI"}]
    assert second.scores.tolist() == [0.5, 0.75]


def test_no_objects_give_the_classes_alone():
    assert image_label([plane(0, [], [], [])]) == {"kontur": {"classes": [*NAMES]}}
    assert image_label([]) == {"kontur": {"classes": []}}


def test_what_is_told_of_an_object_takes_less_than_a_quarter_of_a_kilobyte():
    count = 2000
    one = plane(0, range(1, count + 1), np.zeros(count, int), np.linspace(0, 1, count))
    tracemalloc.start()
    length = sum(map(len, chunks(image_label([one]))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length > 80 * count
    assert peak < 256 * count
