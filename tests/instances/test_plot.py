import numpy as np
import pytest
import shapely
from matplotlib.figure import Figure

from kontur.errors import InputError
from kontur.images.image_file import read_image
from kontur.instances import Instances


def axes():
    return Figure().subplots()


def box(**options):
    return Instances.of([shapely.box(2, 1, 6, 3)], **{"size": (4, 8), **options})


@pytest.mark.parametrize(
    "image",
    [
        np.arange(32, dtype=np.uint16).reshape(4, 8),
        np.zeros((4, 8, 1), np.float32),
        np.zeros((4, 8, 3), np.uint8),
        np.zeros((4, 8, 4), np.uint8),
        np.zeros((3, 4, 8), np.uint8),  # channels first
        np.zeros((4, 8), bool),
    ],
)
def test_the_image_covers_the_coordinates_of_its_outlines(image):
    drawn = box().plot(image, axes=axes())
    assert drawn.images[0].get_extent() == [0, 8, 4, 0]
    assert drawn.images[0].get_array().shape == (4, 8, 3)
    assert (drawn.get_xlim(), drawn.get_ylim()) == ((0, 8), (4, 0))
    (path,) = drawn.collections[-1].get_paths()
    assert path.get_extents().bounds == (2, 1, 4, 2)


def test_holes_are_rings_of_their_own():
    donut = shapely.box(0, 0, 4, 4) - shapely.box(1, 1, 2, 2)
    drawn = Instances.of([donut]).plot(axes=axes(), fill=0.5)
    assert [path.codes.tolist().count(1) for path in drawn.collections[0].get_paths()] == [2]


def test_without_an_image_y_runs_down_all_the_same():
    for found in (box(), box(size=None), Instances.empty(), Instances.empty((4, 8))):
        drawn = found.plot(axes=axes())
        assert drawn.yaxis.get_inverted()
        assert not drawn.images
    assert box().plot(axes=axes()).get_xlim() == (0, 8)


def test_an_image_that_was_read_is_taken(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 8), np.uint8))
    assert box().plot(read_image(tmp_path / "a.npy"), axes=axes()).images


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.zeros((8, 4)), "of an image of 4×8 pixels, this one has 8×4"),
        (np.zeros((4, 8, 3, 2)), r"wants an image \(h, w\) or \(h, w, c\)"),
        (np.array([["a"]]), "of numbers"),
        ("cells.tif", "cells.tif is a name; read it first"),
    ],
)
def test_what_is_no_image_of_the_objects_is_refused(image, sentence):
    with pytest.raises(InputError, match=sentence):
        box().plot(image, axes=axes())


def test_the_current_axes_are_taken_where_none_are_given():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    figure = pyplot.figure()
    assert box().plot() is figure.gca()
    pyplot.close(figure)
