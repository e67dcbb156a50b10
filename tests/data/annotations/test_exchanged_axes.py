"""Outlines whose x and y are exchanged are told at every door, and those that are not are left."""

import numpy as np
import pytest
import shapely
from PIL import Image

from kontur import formats
from kontur.data.annotations.exchanged_axes import axes_exchanged
from kontur.data.conversion.convert_file import convert
from kontur.data.folder import open_folder
from kontur.data.truth import Truth
from kontur.errors import InputError
from kontur.infer.folder_evaluation import evaluate_files
from kontur.instances import Instances
from kontur.measure.measure_many import measure_many
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.sources.plane_sources import plane_sources

SIZE = (40, 90)
RIGHT = [(5, 5, 15, 15), (60, 20, 80, 30), (50, 3, 58, 12)]  # x0, y0, x1, y1
ACROSS = [(5, 5, 15, 15), (36, 20, 60, 30), (30, 3, 46, 12)]  # exchanged, none is all outside


def objects(boxes, *, exchanged=False):
    polygons = [shapely.box(*box) for box in boxes]
    return Instances.of(
        [shapely.transform(p, lambda p: p[:, ::-1]) for p in polygons] if exchanged else polygons
    )


def image_with_outlines(folder, outlines):
    folder.mkdir(exist_ok=True)
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(folder / "a.png")
    formats.write(folder / "a.geojson", outlines)
    return folder


@pytest.mark.parametrize(
    ("over", "farther"),
    [
        ((-1, 50, 15, 60), (-2, 50, 15, 60)),
        ((5, 50, 41, 60), (5, 50, 42, 60)),
        ((5, 50, 15, 91), (5, 50, 15, 92)),
    ],
)
def test_a_pixel_over_the_border_of_the_transposed_image_is_rounding_and_two_are_not(over, farther):
    assert axes_exchanged(objects([over]).boxes, SIZE)
    assert not axes_exchanged(objects([farther]).boxes, SIZE)


@pytest.mark.parametrize("boxes", [RIGHT, ACROSS])
def test_outlines_that_fit_once_x_and_y_change_places_are_exchanged(boxes):
    assert axes_exchanged(objects(boxes, exchanged=True).boxes, SIZE)
    assert not axes_exchanged(objects(boxes).boxes, SIZE)


@pytest.mark.parametrize(
    "boxes",
    [
        [],
        [(5, 5, 15, 15)],  # fits both ways
        [(5, 30, 15, 49), (20, 10, 30, 20)],  # drawn over the border by hand
        [(5, 50, 15, 60), (60, 10, 70, 20)],  # of a larger image
        [(30, 50, 60, 60)],  # fits neither way
        [(-20, 50, -3, 60)],  # moved
    ],
)
def test_other_outlines_outside_their_image_are_not_exchanged(boxes):
    assert not axes_exchanged(objects(boxes).boxes, SIZE)
    assert not axes_exchanged(objects(boxes).boxes, None)


@pytest.mark.parametrize("boxes", [RIGHT, ACROSS])
def test_every_door_tells_of_exchanged_axes(tmp_path, caplog, boxes):
    pixels = np.random.default_rng(0).integers(0, 255, SIZE, dtype=np.uint8)
    for folder in ("true/images", "true/labels", "found"):
        (tmp_path / folder).mkdir(parents=True)
    Image.fromarray(pixels).save(tmp_path / "true/images/a.png")
    image = str(tmp_path / "true/images/a.png")
    found = tmp_path / "found/a.geojson"
    labels = objects(boxes).replace(size=SIZE).label_image()
    Image.fromarray(labels.astype(np.uint8)).save(tmp_path / "true/labels/a.png")

    def told():
        evaluate_files(found.parent, Truth.of_folder(open_folder(tmp_path / "true")))
        sentences = [caplog.text, *convert(found, tmp_path / "a.csv", image=image).losses]
        for find in (find_sources, plane_sources):
            sentences += measure_many(find(found, [image]).images).attrs.get("warnings", [])
        caplog.clear()
        return sum("x and y seem to be exchanged" in sentence for sentence in sentences)

    formats.write(found, objects(boxes))
    assert told() == 0
    formats.write(found, objects(boxes, exchanged=True))
    assert told() == 4


def test_training_refuses_exchanged_axes_where_an_outline_lies_outside(tmp_path):
    beside = image_with_outlines(tmp_path, objects(RIGHT, exchanged=True))
    with pytest.raises(
        InputError, match=r"a\.geojson lie outside .*: x and y seem to be exchanged"
    ):
        open_folder(beside).load()


def test_crops_that_keep_whole_objects_at_their_border_are_never_refused(tmp_path):
    rng = np.random.default_rng(0)
    doubtful = 0
    for number in range(300):
        corners = rng.uniform((-10, -10), SIZE[::-1], (3, 2))
        boxes = np.hstack([corners, corners + rng.uniform(5, 15, (3, 2))])
        crop = objects(boxes[(boxes[:, 2:] > 0).all(axis=1)])
        if axes_exchanged(crop.boxes, SIZE):
            doubtful += 1
            (stored,) = open_folder(image_with_outlines(tmp_path / str(number), crop)).load()
            assert len(stored.instances) == len(crop)
    assert doubtful > 0
