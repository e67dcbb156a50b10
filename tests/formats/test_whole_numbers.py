"""Whole numbers in JSON, as JavaScript and pandas write them: `60.0` is 60, 60.5 is refused."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ClassPrediction, ImageAnnotation
from kontur.instances.plane import Plane
from tests.formats import scenes
from tests.formats.test_damage import places

IDS = ("id", "image_id", "category_id", "instance_id")
COCO_NUMBERS = (*IDS, "height", "width", "iscrowd", "size", "counts")
GEOJSON_NUMBERS = ("size", "z", "t", "page", "ids")


def written(tmp_path, name):
    """A file with every number that a format has, as JSON."""
    found = scenes.ring_with_island()
    found = found.replace(ignore=np.arange(len(found)) == 0)
    if name == "geojson":
        entries = [
            ImageAnnotation("p/a.png", found.size, found.replace(plane=Plane(z=1, t=2, page=7)))
        ]
    else:  # ids twice, so that `instance_id` stands there too
        entries = [ImageAnnotation(f"p/{one}.png", found.size, found) for one in "ab"]
    path = tmp_path / f"sound{formats.FORMATS[name].ending}"
    formats.write_images(path, entries)
    return path, json.loads(path.read_text())


def numbers(content, names):
    """The places of the numbers below keys of these names."""
    for place in places(content):
        inside = content
        for key in place:
            inside = inside[key]
        if type(inside) is int and any(key in names for key in place[-2:]):
            yield place


def changed(content, place, change):
    content = copy.deepcopy(content)
    inside = content
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = change(inside[place[-1]])
    return content


FORMATS = pytest.mark.parametrize(
    ("name", "names"), [("coco", COCO_NUMBERS), ("geojson", GEOJSON_NUMBERS)]
)


@FORMATS
def test_a_float_that_is_a_whole_number_is_that_number(tmp_path, name, names):
    path, sound = written(tmp_path, name)
    entries = formats.read_images(path)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(list(numbers(sound, names))), min_size=1, unique=True))
    def is_read_alike(places):
        content = sound
        for place in places:
            content = changed(content, place, float)
        path.write_text(json.dumps(content))
        again = formats.read_images(path)
        assert [one.file_name for one in again] == [one.file_name for one in entries]
        for before, after in zip(entries, again, strict=True):
            assert after.size == before.size
            assert repr(after.size) == repr(before.size)
            assert after.instances.plane == before.instances.plane
            for field in ("ids", "ignore", "labels", "boxes"):
                one, other = getattr(before.instances, field), getattr(after.instances, field)
                assert one.tolist() == other.tolist(), field

    is_read_alike()


@FORMATS
def test_a_fraction_is_refused_in_a_sentence(tmp_path, name, names):
    path, content = written(tmp_path, name)
    refused = set()
    for place in numbers(content, names):
        path.write_text(json.dumps(changed(content, place, lambda number: number + 0.5)))
        with pytest.raises(InputError, match=r"\.5|fill|covers|runs of whole numbers") as caught:
            formats.read_images(path)
        assert path.name in str(caught.value)
        refused.update(set(place[-2:]) & set(names))
    assert refused == set(names)


@pytest.mark.parametrize("value", [True, "60", -60, 0.0, 1e-9, float("inf"), [60]])
def test_what_is_no_side_of_an_image_is_refused(tmp_path, value):
    path, content = written(tmp_path, "coco")
    path.write_text(json.dumps(changed(content, ("images", 0, "height"), lambda _: value)))
    with pytest.raises(InputError, match="wanted whole numbers above 0"):
        formats.read_images(path)


def test_the_nan_of_pandas_is_no_number(tmp_path):
    path, content = written(tmp_path, "coco")
    for key in ("id", "instance_id", "iscrowd"):
        for number in range(len(content["annotations"])):
            content = changed(content, ("annotations", number, key), lambda _: float("nan"))
    path.write_text(json.dumps(content))
    for entry in formats.read_images(path):
        assert entry.instances.ids.tolist() == list(range(1, len(entry.instances) + 1))
        assert not entry.instances.ignore.any()


def test_results_name_their_images_by_whole_numbers(tmp_path):
    row = {"image_id": 3.0, "category_id": 2.0, "segmentation": [[0, 0, 4, 0, 4, 4]]}
    (tmp_path / "results.json").write_text(json.dumps([row]))
    (entry,) = formats.read_images(tmp_path / "results.json")
    assert (entry.file_name, entry.instances.classes) == ("3", ("2",))


def test_new_classes_leave_the_numbers_as_they_are_written(tmp_path):
    path, content = written(tmp_path, "coco")
    for place in list(numbers(content, IDS)):
        content = changed(content, place, float)
    path.write_text(json.dumps(content))
    entries = formats.read_images(path)
    predicted = [[ClassPrediction(None)] * len(entry.instances) for entry in entries]
    formats.relabel(path, tmp_path / "b.coco.json", predicted, ["a"])
    assert repr(json.loads((tmp_path / "b.coco.json").read_text())) == repr(content)
