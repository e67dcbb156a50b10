"""Films and stacks: every plane predicted, its place kept, and objects numbered through time."""

import json

import numpy as np
import pytest
import shapely
import tifffile

from kontur import formats
from kontur.errors import InputError
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.link import link
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.models import catalog
from kontur.models.card import Card


def plane(*squares, at=None, labels=None):
    corners = np.array(squares, float).reshape(-1, 2)
    shapes = shapely.box(*corners.T, *(corners + 10).T)
    return Instances.of(shapes, labels, size=(100, 100), classes=("a", "b")).replace(plane=at)


def test_what_moves_less_than_its_size_keeps_its_number_and_what_appears_gets_the_next():
    film = [
        plane((0, 0), (50, 50)),
        plane((52, 51), (3, 1)),
        plane((6, 2), (80, 0)),
        plane((81, 1), (54, 52)),
    ]
    tracks = [each.tolist() for each in link(film)]
    assert tracks == [[1, 2], [2, 1], [1, 3], [3, 4]]


def test_an_object_has_one_successor_at_most_the_more_alike_and_of_its_class():
    first, second = plane((0, 0)), plane((4, 0), (1, 0))
    assert [each.tolist() for each in link([first, second])] == [[1], [2, 1]]
    other = plane((1, 0), labels=[1])
    assert [each.tolist() for each in link([first, other])] == [[1], [2]]


def test_in_a_stack_of_depths_and_times_both_are_linked():
    stack = [
        plane((0, 0), at=Plane(0, 0)),
        plane((2, 0), at=Plane(1, 0)),
        plane((0, 3), (60, 60), at=Plane(0, 1)),
        plane((30, 0), at=Plane(1, 1)),
    ]
    assert [each.tolist() for each in link(stack)] == [[1], [1], [1, 2], [3]]


def test_planes_without_objects_and_no_planes_have_no_tracks():
    assert link([]) == [] or [each.tolist() for each in link([])] == [[]]
    assert [each.tolist() for each in link([plane(), plane((0, 0)), plane()])] == [[], [1], []]


@pytest.fixture
def film(tmp_path):
    """Two discs that move, and one that appears in the last of four frames."""
    y, x = np.mgrid[:96, :128]
    frames = np.zeros((4, 96, 128), np.uint8)
    for t in range(4):
        centres = [(20 + 3 * t, 30), (70, 90 - 4 * t), *([(20, 100)] if t == 3 else [])]
        for row, column in centres:
            frames[t][(y - row) ** 2 + (x - column) ** 2 <= 64] = 200
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, frames, imagej=True, metadata={"axes": "TYX"})
    return path


class NoEngine:
    def __init__(self):
        self.graphs = {}


def baseline():
    config = catalog.config("baseline", {"channels": 1}).model_dump(mode="json")
    return Predictor(NoEngine(), Card(kind="baseline", config=config, version="0"))


def run(film, out, *outputs, **options):
    inputs, options = find_inputs([film]), PredictOptions(**options)
    return list(predict_folder(baseline(), inputs, out, outputs=outputs, options=options))


def test_every_frame_is_predicted_its_time_kept_and_its_tracks_numbered(film, tmp_path):
    (outcome,) = run(film, tmp_path / "out", "geojson", page="all", link="overlap")
    assert (outcome.failure, outcome.objects) == (None, 9)
    entries = formats.read_images(tmp_path / "out" / "film.geojson")
    assert [entry.instances.plane.t for entry in entries] == [0, 1, 2, 3]
    content = json.loads((tmp_path / "out" / "film.geojson").read_text())
    tracks = {}
    for feature in content["features"]:
        time = feature["geometry"].get("plane", {}).get("t", 0)
        tracks.setdefault(feature["properties"]["measurements"]["track"], []).append(time)
    assert tracks == {1: [0, 1, 2, 3], 2: [0, 1, 2, 3], 3: [3]}
    assert run(film, tmp_path / "out", "geojson", page="all", link="overlap")[0].skipped


def test_a_frame_of_all_is_what_the_frame_alone_gives(film, tmp_path):
    run(film, tmp_path / "out", "geojson", page="all")
    run(film, tmp_path / "one", "geojson", page=2)
    every = formats.read(tmp_path / "out" / "film.geojson", page=2)
    alone = formats.read(tmp_path / "one" / "film.geojson")
    assert shapely.equals_exact(every.polygons, alone.polygons, 1e-9).all()


def test_what_cannot_keep_pages_and_tracks_without_pages_are_refused_before_any_work(
    film, tmp_path
):
    with pytest.raises(InputError, match="csv cannot say on which page an object lies"):
        run(film, tmp_path / "out", "geojson", "csv", page="all")
    with pytest.raises(InputError, match="it needs --page all"):
        run(film, tmp_path / "out", "geojson", link="overlap")
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="one plane is looked at at a time"):
        baseline().predict(film, page="all")


def test_tracks_are_not_dropped_by_a_format_that_cannot_hold_them(film, tmp_path):
    with pytest.raises(InputError, match="imagej cannot hold the numbers of tracks"):
        run(film, tmp_path / "out", "imagej", page="all", link="overlap")
    assert not (tmp_path / "out").exists()
